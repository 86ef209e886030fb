"""The log of transitions: each change of a state has its row, which says by whose or what doing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from accounts.models import Scope
from tests.api.rest.conftest import client_of
from tests.factories import VideoFactory
from tests.lifecycle.test_transitions import VERBS, _video
from tests.transition_log import find_gap
from videos import lifecycle, tasks
from videos.engine import sweep
from videos.lifecycle import transition_log
from videos.lifecycle.transitions import TRANSITIONS, move
from videos.models import State, Video, VideoTransition

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
# Others' states: those of batches, their rows, requests for approval and mail.
OTHERS = ("BatchState", "RowState", "ApprovalState", "MailState", "DeliveryState", "batch", "approval")


def _logged(video: Video) -> list[tuple[str, str]]:
    return list(VideoTransition.objects.filter(video=video).values_list("old", "new"))


def test_every_transition_of_the_table_has_its_row():
    for old, targets in TRANSITIONS.items():
        for new in targets:
            video = VideoFactory(state=old)
            assert move(old, new, Q(pk=video.pk))
            assert _logged(video) == [(old, new)]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_leaves_a_row_where_it_moves_a_video_and_none_where_it_does_not(verb: str):
    allowed, target, act = VERBS[verb]
    for state in State:
        video = _video(state)
        act(video)
        assert _logged(video) == ([(state, target)] if state in allowed else []), state


def test_what_is_rolled_back_was_not_logged():
    video = VideoFactory(state=State.QUEUED)
    with transaction.atomic():
        assert lifecycle.cancel(video.pk)
        transaction.set_rollback(True)

    assert _logged(video) == []


def test_a_move_names_its_video():
    VideoFactory(state=State.QUEUED)
    for where in (Q(), Q(backend_job_id="job"), ~Q(pk=1), Q(pk=1) | Q(pk=2)):
        with pytest.raises(ValueError, match="must name"):
            move(State.QUEUED, State.CANCELED, where)
    assert not VideoTransition.objects.exists()


def _writes_of_state(tree: ast.AST) -> Iterator[str]:
    """Yield the code that may set a column or attribute called `state`, by update, assignment or SQL."""
    for node in ast.walk(tree):
        text = ast.unparse(node) if isinstance(node, ast.Call | ast.Assign | ast.AugAssign) else ""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            sets = {each.arg for each in node.keywords} | {ast.unparse(each) for each in node.args}
            if node.func.attr in {"update", "bulk_update"} and sets & {"state", "['state']"}:
                yield text
        elif re.match(r"[\w.]+\.state\b[^=]*=(?!=)", text):
            yield text
        elif isinstance(node, ast.Constant) and re.search(r"UPDATE(?:(?!WHERE).)*\bstate =", str(node.value)):
            yield str(node.value)


def test_no_other_code_writes_the_state_of_a_video():
    found = {}
    for path in (ROOT / "videos").rglob("*.py"):
        if "migrations" in path.parts or path.name == "transitions.py":
            continue
        writes = list(_writes_of_state(ast.parse(path.read_text())))
        if rest := [each for each in writes if not any(name in each for name in OTHERS)]:
            found[path.relative_to(ROOT).as_posix()] = rest
    # This one sets approval requests to the state that it is given.
    assert found.pop("videos/engine/waiting_requests.py")
    assert found == {}


def test_a_video_made_retried_and_canceled_by_people_says_who_it_was(as_alice: Client, alice, bob):
    program = client_of(alice, Scope.WRITE)
    program.post("/api/v1/videos/generate", {"prompt": "A heron"}, content_type="application/json")
    video = Video.objects.get()
    as_alice.post(reverse("videos:cancel", args=[video.public_id]))

    made, canceled = VideoTransition.objects.filter(video=video)

    assert (made.old, made.new, made.by, made.door) == ("", State.QUEUED, "alice", "rest")
    assert made.token_id is not None
    assert made.through.startswith("token “")
    assert (canceled.old, canceled.new) == (State.QUEUED, State.CANCELED)
    assert (canceled.by, canceled.user_id, canceled.through) == ("alice", alice.pk, "Page")
    video.refresh_from_db()
    assert find_gap(video) == ""


def test_a_task_is_named_with_its_worker():
    video = VideoFactory(state=State.QUEUED)
    Video.objects.filter(pk=video.pk).update(cancel_requested_at=video.created_at)

    tasks.sweep_task.apply()

    row = VideoTransition.objects.get(video=video)
    assert (row.new, row.task, row.by) == (State.CANCELED, "sweep", "The studio")
    assert row.through.startswith("sweep, ")


def test_a_reason_is_kept_with_its_transition():
    video = _video(State.SUBMITTING)
    VERBS["refuse"][2](video)

    assert VideoTransition.objects.get(video=video).error_code == "why"


def test_the_log_goes_with_its_video_and_keeps_the_id_of_who_is_gone(as_alice: Client, alice):
    video, other = VideoFactory(owner=alice), VideoFactory(owner=alice)
    for each in (video, other):
        as_alice.post(reverse("videos:cancel", args=[each.public_id]))

    lifecycle.remove(video)

    kept = VideoTransition.objects.get()
    assert (kept.video_id, kept.user_id, kept.username) == (other.pk, alice.pk, "alice")


def test_of_a_video_that_is_put_off_for_days_the_latest_rows_are_kept(monkeypatch):
    monkeypatch.setattr(transition_log, "MAX_KEPT", 4)
    busy, calm = _video(State.QUEUED), _video(State.QUEUED)
    for _ in range(4):
        assert move(State.QUEUED, State.SUBMITTING, Q(pk=busy.pk))
        assert move(State.SUBMITTING, State.QUEUED, Q(pk=busy.pk))
    assert move(State.QUEUED, State.CANCELED, Q(pk=calm.pk))

    sweep.sweep()

    assert _logged(busy) == [(State.QUEUED, State.SUBMITTING), (State.SUBMITTING, State.QUEUED)] * 2
    assert len(_logged(calm)) == 1


def test_the_owner_reads_it_on_the_videos_page_and_nobody_else_does(as_alice: Client, as_bob: Client, alice):
    video = VideoFactory(owner=alice, state=State.QUEUED)
    as_alice.post(reverse("videos:cancel", args=[video.public_id]))
    address = reverse("videos:detail", args=[video.public_id])

    page = as_alice.get(address).content.decode()

    assert "History" in page
    assert re.search(r"Canceled\s*<span class=\"muted\">you", page)
    assert "Kept since" in page  # it was not made by a service, so nobody wrote down that it was
    assert as_bob.get(address).status_code == 404


def test_staff_read_it_and_see_since_when_it_is_kept(as_carol: Client, as_alice: Client, alice):
    video, untouched = VideoFactory(owner=alice), VideoFactory(owner=alice)
    as_alice.post(reverse("videos:cancel", args=[video.public_id]))

    page = as_carol.get(reverse("admin:videos_video_change", args=[video.pk])).content.decode()
    other = as_carol.get(reverse("admin:videos_video_change", args=[untouched.pk])).content.decode()

    assert re.search(r"<bdi>alice</bdi><span class=\"admin-secondary\">Page", page)
    assert "Kept since" in page
    assert "has not changed since the studio began to keep" in other
