"""Checks run beside each other: one that hangs or breaks holds up no other, and no secret gets out."""

import threading
import time

import pytest

from videos.doctor.finding import Check, Finding, Findings, ok, warning, wrong
from videos.doctor.runner import run_checks


def _well() -> Findings:
    yield ok("well", "All is well.")


def _broken() -> Findings:
    yield ok("first", "This was seen.")
    raise RuntimeError("it broke\nin two lines")


def _ill() -> Findings:
    yield wrong("ill", "It is down.", "Mend it.")


def _told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.what, each.health.value) for each in findings]


def test_one_that_hangs_holds_up_no_other_and_what_it_had_seen_is_told():
    release = threading.Event()

    def hang() -> Findings:
        yield warning("seen", "Half of it.", "Look.")
        release.wait(60)

    began = time.monotonic()
    found = run_checks([Check("hanging", hang, seconds=0.3), Check("well", _well)])
    release.set()

    assert time.monotonic() - began < 5
    assert _told(found) == [("seen", "warning"), ("hanging", "wrong"), ("well", "ok")]
    assert "No answer within" in found[1].found


def test_all_of_them_together_have_a_limit():
    release = threading.Event()

    def hang() -> Findings:
        release.wait(60)
        yield from ()

    began = time.monotonic()
    found = run_checks(
        [Check("a", hang, seconds=60), Check("b", _well, needs=("a",)), Check("c", _well)], seconds=0.5
    )
    release.set()

    assert time.monotonic() - began < 5
    assert _told(found) == [("a", "wrong"), ("b", "not checked"), ("well", "ok")]


def test_one_that_breaks_says_why_in_one_line():
    found = run_checks([Check("breaking", _broken), Check("well", _well)])

    assert _told(found) == [("first", "ok"), ("breaking", "wrong"), ("well", "ok")]
    assert found[1].found == "RuntimeError: it broke in two lines"


def test_what_needs_something_that_is_down_is_not_tried():
    tried = []
    checks = [
        Check("ill", _ill),
        Check("next", lambda: tried.append(1) or _well(), needs=("ill",)),
        Check("last", _well, needs=("next",)),
    ]

    found = run_checks(checks)

    assert tried == []
    assert _told(found) == [("ill", "wrong"), ("next", "not checked"), ("well", "ok")]
    assert found[1].found == "See “ill” first."


def test_no_secret_is_told(settings, monkeypatch: pytest.MonkeyPatch):
    settings.SECRET_KEY = "the-key-of-the-studio-itself-0123456789"
    settings.EMAIL_HOST_PASSWORD = "mail-pass"
    settings.REDIS_URL = "redis://:r3dis%40pass@localhost/0"
    monkeypatch.setenv("BACKEND_KEY_BOX", "sk-of-the-box")

    def tell() -> Findings:
        yield wrong("a", f"{settings.SECRET_KEY} mail-pass r3dis@pass", "use sk-of-the-box")
        raise OSError("postgres://me:hunter2@db/studio and redis://:r3dis%40pass@localhost/0 failed")

    told = " ".join(f"{each.found} {each.advice}" for each in run_checks([Check("telling", tell)]))

    for secret in (settings.SECRET_KEY, "mail-pass", "r3dis", "sk-of-the-box", "hunter2"):
        assert secret not in told
    assert "postgres://me:•••@db/studio" in told
