"""The page of a batch: how it stands, what can be done, and for nobody but its owner."""

import csv
import io
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import VideoFactory
from videos.engine import fair_queue
from videos.models import Batch, BatchRow, BatchState, RowState, State, Video
from videos.services import batch_work
from videos.services.batch_progress import Progress
from videos.services.batches import start_batch

pytestmark = pytest.mark.django_db


def _text(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def running(save, work) -> Batch:
    batch = save("prompt,key\nA fox,one\nA bear,two\n=1+1,three\n")
    start_batch(batch)
    work(batch)
    return batch


ADDRESSES = ["", "progress", "results.csv", "videos.zip", "cancel", "retry"]
DECISIONS = ["start", "pause", "resume", "cancel", "retry"]


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_stranger_finds_nothing(as_bob, client, running, name):
    assert as_bob.get(f"/batches/{running.public_id}/{name}").status_code == 404
    assert client.get(f"/batches/{running.public_id}/{name}").status_code == 302


@pytest.mark.parametrize("name", DECISIONS)
def test_a_stranger_decides_nothing(as_bob, running, name):
    before = Batch.objects.values().get()
    assert as_bob.post(f"/batches/{running.public_id}/{name}").status_code == 404
    assert Batch.objects.values().get() == before


def test_it_is_paused_and_goes_on(as_alice, running):
    now = Video.objects.latest("due_at").due_at
    as_alice.post(f"/batches/{running.public_id}/pause")
    assert not fair_queue.startable_videos(now).exists()
    assert "Paused" in _text(as_alice.get(f"/batches/{running.public_id}/"))
    as_alice.post(f"/batches/{running.public_id}/resume")
    assert fair_queue.startable_videos(now).count() == 3


def test_a_paused_batch_holds_no_other_video(as_alice, alice, running):
    other = VideoFactory(owner=alice)
    as_alice.post(f"/batches/{running.public_id}/pause")
    assert list(fair_queue.startable_videos(other.due_at)) == [other]


def test_the_rest_is_canceled_and_what_runs_goes_on(as_alice, running, work):
    Video.objects.filter(prompt="A fox").update(state=State.IN_PROGRESS)
    page = _text(as_alice.get(f"/batches/{running.public_id}/cancel"))
    assert "2 videos that no backend works on will be canceled." in page
    as_alice.post(f"/batches/{running.public_id}/cancel")
    work(running)
    assert running.state == BatchState.RUNNING
    assert not running.is_paused
    states = dict(Video.objects.values_list("prompt", "state"))
    assert states == {"A fox": State.IN_PROGRESS, "A bear": State.CANCELED, "=1+1": State.CANCELED}


def test_canceling_creates_nothing_more(as_alice, save, work):
    batch = save()
    start_batch(batch)
    as_alice.post(f"/batches/{batch.public_id}/cancel")
    work(batch)
    assert not Video.objects.exists()
    assert set(batch.rows.values_list("state", flat=True)) == {RowState.CANCELED}
    assert batch.state == BatchState.COMPLETED


def test_free_failures_are_retried_at_once(as_alice, running, work):
    Video.objects.filter(prompt="A fox").update(state=State.FAILED, finished_at="2026-01-01T00:00Z")
    assert "Retry 1 failed" in _text(as_alice.get(f"/batches/{running.public_id}/"))
    as_alice.post(f"/batches/{running.public_id}/retry")
    work(running)
    assert running.state == BatchState.RUNNING
    assert Video.objects.get(prompt="A fox").state == State.QUEUED


def test_paid_failures_are_retried_after_their_price_was_shown(as_alice, save, work, priced):
    batch = save("prompt,model,seconds\nA fox,paid-1,10\n")
    start_batch(batch)
    work(batch)
    Video.objects.update(state=State.FAILED, finished_at="2026-01-01T00:00Z")
    address = f"/batches/{batch.public_id}/retry"
    assert "That costs $1.00." in _text(as_alice.post(address))
    assert Video.objects.get().state == State.FAILED
    as_alice.post(address, {"confirmed": "1"})
    work(batch)
    assert Video.objects.get().state == State.QUEUED


def test_a_batch_that_never_started_is_discarded(as_alice, save):
    batch = save()
    as_alice.post(f"/batches/{batch.public_id}/cancel")
    assert not Batch.objects.exists()
    assert not BatchRow.objects.exists()


def test_the_poll_brings_nothing_until_something_changes(as_alice, running, monkeypatch):
    monkeypatch.setattr("videos.services.batch_progress.MAX_AGE", 0)
    page = as_alice.get(f"/batches/{running.public_id}/").content.decode()
    seen = page.partition("?seen=")[2][:16]
    assert as_alice.get(f"/batches/{running.public_id}/progress?seen={seen}").status_code == 204
    Video.objects.filter(prompt="A fox").update(state=State.COMPLETED)
    response = as_alice.get(f"/batches/{running.public_id}/progress?seen={seen}&kind=done")
    assert response.status_code == 200
    assert response.content.decode().count('scope="row"') == 1


def test_results_name_every_row_and_hold_no_formula(as_alice, running):
    Video.objects.filter(prompt="A fox").delete()
    Video.objects.filter(prompt="A bear").update(state=State.FAILED, error_message="@SUM(1)")
    response = as_alice.get(f"/batches/{running.public_id}/results.csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["key"] for row in found] == ["one", "two", "three"]
    assert [row["status"] for row in found] == ["deleted", "failed", "queued"]
    assert found[1]["error"] == "'@SUM(1)"
    assert found[2]["prompt"] == "'=1+1"


def test_the_zip_has_the_completed_videos(as_alice, running):
    bear = Video.objects.get(prompt="A bear")
    bear.file.save("bear.mp4", ContentFile(b"the bear"), save=False)
    bear.state = State.COMPLETED
    bear.save()
    response = as_alice.get(f"/batches/{running.public_id}/videos.zip")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert sorted(archive.namelist()) == ["a-bear.json", "a-bear.mp4"]
    assert archive.read("a-bear.mp4") == b"the bear"


@pytest.mark.parametrize("address", ["", "progress"])
def test_more_rows_need_no_more_queries(as_alice, save, work, address):
    needed = []
    for rows in (3, 300):
        batch = save("prompt\n" + "".join(f"Fox {n}\n" for n in range(rows)), f"{rows} rows")
        start_batch(batch)
        work(batch)
        Video.objects.filter(batch=batch).update(state=State.IN_PROGRESS)
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(f"/batches/{batch.public_id}/{address}")
        needed.append(len(queries))
    assert needed[0] == needed[1] < 25


def test_the_list_shows_ones_own_and_needs_as_few_queries_for_many(as_alice, as_bob, save):
    for number in range(30):
        save(f"prompt\nFox {number}\n", f"Batch {number}")
    page = _text(as_alice.get("/batches/"))
    assert page.count("Ready to start") == 24
    assert "Batch 29" in page
    older = page.partition('rel="next" href="')[2].partition('"')[0]
    assert _text(as_alice.get(f"/batches/{older}")).count("Ready to start") == 6
    assert "No batches yet" in _text(as_bob.get("/batches/"))


def test_finishing_is_told_once(running, monkeypatch):
    told = []
    monkeypatch.setattr(batch_work, "publish", told.append)
    Video.objects.exclude(prompt="A fox").update(state=State.COMPLETED)
    batch_work.tick()
    assert told == []
    monkeypatch.setattr(batch_work, "_seconds_taken", lambda batch: 60)
    Video.objects.filter(prompt="A fox").update(state=State.FAILED)
    batch_work.tick()
    batch_work.tick()
    (event,) = told
    assert (event.kind, event.user_id, event.object_id) == (
        "batch.completed",
        running.owner_id,
        running.public_id,
    )
    assert event.data == {
        "path": f"/batches/{running.public_id}/",
        "name": "Animals",
        "total": 3,
        "completed": 2,
        "failed": 1,
        "canceled": 0,
        "estimate": "0.00",
        "took_seconds": 60,
    }


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (120, "about 120 min left"),
        (150, "about 2 h left"),
        (2880, "about 48 h left"),
        (90_000, "about 62 days left"),
    ],
)
def test_the_time_that_is_left_is_told_in_hours_where_it_is_long(
    as_alice, running, monkeypatch: pytest.MonkeyPatch, minutes: int, words: str
):
    monkeypatch.setattr(Progress, "minutes_left", minutes)

    assert words in _text(as_alice.get(f"/batches/{running.public_id}/"))
