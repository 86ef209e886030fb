"""Pausing and resuming from a shell."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError

from accounts.models import User
from tests.commands.conftest import Ran
from tests.factories import BackendFactory
from videos.engine import hold
from videos.models import Backend, OwnerQueue, StudioState

pytestmark = pytest.mark.django_db

Run = Callable[..., Ran]


def test_a_person_and_a_backend(run: Run, ran: Ran, alice: User):
    BackendFactory(name="GPU box")
    for arguments in (["--person", "alice"], ["--backend", "GPU box"]):
        run("pause_queue", *arguments, "--reason", "Over budget.")
        run("pause_queue", *arguments)
    assert OwnerQueue.objects.get(owner=alice).staff_pause_note == "Over budget."
    assert Backend.objects.get(name="GPU box").is_paused
    for arguments in (["--person", "alice"], ["--backend", "GPU box"]):
        run("resume_queue", *arguments)

    assert OwnerQueue.objects.get(owner=alice).staff_paused_at is None
    assert not Backend.objects.get(name="GPU box").is_paused
    assert ran.out.splitlines() == [
        *["alice is paused.", "alice was paused before."],
        *["GPU box is paused.", "GPU box was paused before."],
        *["alice goes on.", "GPU box goes on."],
    ]


@pytest.mark.parametrize("arguments", [["--person", "nobody"], ["--backend", "nowhere"]])
def test_one_that_there_is_not(run: Run, arguments: list[str]):
    with pytest.raises(CommandError, match="There is no"):
        run("pause_queue", *arguments)


def test_everything_is_a_maintenance(run: Run, ran: Ran, monkeypatch: pytest.MonkeyPatch):
    run("pause_queue", "--everything", "--reason", "Back at 18:00.")
    state = StudioState.objects.load()
    assert (state.is_maintenance, state.hold_message) == (True, "Back at 18:00.")

    monkeypatch.setattr("builtins.input", lambda question: "n")
    with pytest.raises(CommandError, match="Not resumed"):
        run("resume_queue", "--everything")
    assert StudioState.objects.load().is_held
    assert "Waiting to be submitted" in ran.out
    run("resume_queue", "--everything", "--yes")
    assert not StudioState.objects.load().is_held


def test_a_restored_database_is_not_released_by_it(run: Run):
    hold.hold(restored=True)

    with pytest.raises(CommandError, match="`release` ends that"):
        run("resume_queue", "--everything", "--yes")

    assert StudioState.objects.load().was_restored
