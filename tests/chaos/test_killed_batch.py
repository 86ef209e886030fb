"""kill -9 of a worker in the middle of a batch: it is continued without doubles, and none is paid twice."""

from collections import Counter
from uuid import uuid4

import pytest

from billing.attempts import attempts_of
from billing.spender import ANY_PRICE, spending
from tests.batches.conftest import Save
from tests.batches.conftest import check as check  # fixtures here too
from tests.batches.conftest import save as save
from tests.chaos.conftest import PRICE, Studio
from videos.models import Batch, BatchState, State, Video, VideoModel
from videos.services import batch_work
from videos.services.batches import start_batch

ROWS = 5


@pytest.fixture
def batch(studio: Studio, save: Save, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """Five videos at $0.40 each, the first two of which have been created."""
    VideoModel.objects.all().delete()
    model = VideoModel.objects.create(
        name="sora-2", label="Sora 2", seconds=[4], sizes=["1280x720"], price_per_second={"*": "0.1"}
    )
    model.backends.add(studio.backend)
    run = uuid4().hex
    batch = save("prompt\n" + "".join(f"Fox {number} of {run}\n" for number in range(ROWS)))
    with spending(confirmed_price=ANY_PRICE):
        assert start_batch(batch)
    monkeypatch.setattr(batch_work, "PORTION", 2)
    assert batch_work.create_portion(batch.pk)
    return batch


def _count(batch: Batch) -> int:
    return Video.objects.filter(batch=batch).count()


def test_a_batch_whose_workers_are_killed_is_made_once(studio: Studio, batch: Batch):
    studio.kill_worker("advance_batch", step="rows created", pk=batch.pk)
    assert _count(batch) == 2, "what was begun is taken back as a whole"
    studio.kill_worker("advance_batch", step="portion committed", pk=batch.pk)
    batch.refresh_from_db()
    assert (_count(batch), batch.state) == (ROWS, BatchState.CREATING)
    for _ in range(2):
        studio.kill_worker("submit", step="accepted")
    assert Video.objects.filter(state=State.SUBMITTING).count() == 2

    for _ in range(3):
        studio.recover()
    batch_work.tick()

    batch.refresh_from_db()
    assert batch.state == BatchState.COMPLETED
    videos = list(Video.objects.filter(batch=batch))
    assert [video.state for video in videos] == [State.COMPLETED] * ROWS
    prompts = [row.request["prompt"] for row in batch.rows.all()]
    assert Counter(video.prompt for video in videos) == Counter(prompts)
    billed = Counter(job["prompt"] for job in studio.control.ledger())
    assert {prompt: billed[prompt] for prompt in prompts} == dict.fromkeys(prompts, 1)
    spent = [attempt.spent for video in videos for attempt in attempts_of(video.pk)]
    assert spent == [PRICE] * ROWS
