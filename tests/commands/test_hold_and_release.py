"""Holding and releasing submissions: nothing is released before its number and price were seen."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError

from tests.commands.conftest import Ran
from tests.factories import BackendFactory, VideoFactory
from videos.engine import hold
from videos.models import Backend, State, StudioState, Video

pytestmark = pytest.mark.django_db

Run = Callable[..., Ran]


@pytest.fixture
def queue(db) -> None:
    box, cloud = BackendFactory(name="GPU box"), BackendFactory(name="Cloud")
    VideoFactory(backend=box)
    VideoFactory(backend=cloud, price=Decimal("0.40"))
    VideoFactory(backend=cloud, price=Decimal("0.80"))
    VideoFactory(backend=cloud, state=State.IN_PROGRESS, price=Decimal("9.00"))


def _is_held() -> bool:
    return StudioState.objects.load().is_held


def _answer(monkeypatch: pytest.MonkeyPatch, word: str) -> list[str]:
    """Answer what is asked; returns the questions."""
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return word

    monkeypatch.setattr("builtins.input", answer)
    return asked


def test_hold_says_what_waits(run: Run, queue: None):
    assert run("hold", reason="New disks.").out.splitlines() == [
        "Submissions have been held for 0\xa0minutes. Maintenance. New disks.",
        "Waiting to be submitted: 3 videos, $1.20 and 1 without a price.",
        "  Cloud: 2 videos, $1.20",
        "  GPU box: 1 video, 1 without a price",
    ]
    assert _is_held()


def test_hold_twice_keeps_the_first_reason(run: Run, db):
    run("hold", reason="New disks.")

    assert "Submissions were held before." in run("hold", reason="Another.").out

    assert StudioState.objects.load().hold_note == "New disks."


def test_the_status_holds_nothing(run: Run, db):
    assert run("hold", status=True).out.startswith("Submissions are not held.\n")

    assert not _is_held()


def test_hold_restored_has_the_backends_searched(run: Run, queue: None):
    out = run("hold", restored=True).out

    assert "Being searched for at the backends: 3." in out
    assert not Backend.objects.filter(search_due_at=None).exists()


def test_hold_restored_needs_the_storage(run: Run, queue: None, monkeypatch: pytest.MonkeyPatch):
    def fail(*args: object) -> None:
        raise OSError("no such host")

    monkeypatch.setattr(FileSystemStorage, "listdir", fail)

    with pytest.raises(CommandError, match=r"Not held\. The storage cannot be read: no such host"):
        run("hold", restored=True)

    assert not _is_held()


def test_release_asks_with_number_and_price(run: Run, queue: None, monkeypatch: pytest.MonkeyPatch):
    hold.hold()
    asked = _answer(monkeypatch, "y")

    assert run("release").out.endswith("Released.\n")

    assert asked == ["Submit 3 videos, $1.20 and 1 without a price? [y/N] "]
    assert not _is_held()


@pytest.mark.parametrize("word", ["", "n", "no", "maybe"])
def test_without_a_clear_yes_it_stays_held(run: Run, queue: None, monkeypatch: pytest.MonkeyPatch, word: str):
    hold.hold()
    _answer(monkeypatch, word)

    with pytest.raises(CommandError, match="Not released"):
        run("release")

    assert _is_held()


def test_release_yes_asks_nothing(run: Run, queue: None, monkeypatch: pytest.MonkeyPatch):
    hold.hold()
    asked = _answer(monkeypatch, "n")

    run("release", yes=True)

    assert (asked, _is_held()) == ([], False)


def test_release_waits_for_the_search(run: Run, queue: None):
    hold.hold(restored=True)

    with pytest.raises(CommandError, match="the search has not ended yet"):
        run("release", yes=True)

    assert _is_held()


def test_release_names_what_awaits_a_decision(run: Run, queue: None):
    Video.objects.filter(backend__name="GPU box").update(state=State.UNCERTAIN, due_at=None)
    hold.hold()

    assert "Awaiting a decision: 1. A release leaves them alone." in run("release", yes=True).out


def test_release_without_a_hold_says_so(run: Run, db):
    assert run("release", yes=True).out.startswith("Submissions are not held.\n")


def test_release_where_nobody_can_answer_says_so(run: Run, queue: None, monkeypatch: pytest.MonkeyPatch):
    run("hold")

    def nobody(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)

    with pytest.raises(CommandError, match="say --yes"):
        run("release")
    assert _is_held()
