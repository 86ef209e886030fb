"""What `make run` does for macOS, where processes must not use Apple's libraries after a fork."""

import sys

import pytest

from contentgen.run import __main__ as module

VARIABLE = "OBJC_DISABLE_INITIALIZE_FORK_SAFETY"


@pytest.mark.parametrize(("platform", "value"), [("darwin", "YES"), ("linux", None)])
def test_forked_workers_may_ask_for_the_proxies(
    monkeypatch: pytest.MonkeyPatch, platform: str, value: str | None
):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(sys, "platform", platform)

    assert module._environment().get(VARIABLE) == value


def test_what_somebody_has_set_stays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "NO")
    monkeypatch.setattr(sys, "platform", "darwin")

    assert module._environment()[VARIABLE] == "NO"
