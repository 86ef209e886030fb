"""Once a pause is told, no submission begins any more, though workers were about to: real threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection

from accounts.models import User
from tests.factories import BackendFactory, UserFactory, VideoFactory
from videos.engine import dispatch, fair_queue, hold
from videos.models import Backend, State, Video
from videos.services.backend_pauses import pause_backends
from videos.services.queue import pause_queue, pause_videos
from videos.services.queue_pauses import pause_person

pytestmark = pytest.mark.django_db(transaction=True)

PAUSES: dict[str, Callable[[User, Backend], object]] = {
    "queue": lambda owner, backend: pause_queue(owner),
    "videos": lambda owner, backend: pause_videos(owner, None),
    "person": lambda owner, backend: pause_person(owner, ""),
    "backend": lambda owner, backend: pause_backends([backend], by=None),
    "maintenance": lambda owner, backend: hold.hold(),
}


@pytest.mark.parametrize("name", PAUSES)
def test_a_worker_that_has_chosen_a_video_claims_it_before_the_pause_or_never(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    """The worker stops between choosing and claiming, where a pause without the lock would slip in."""
    backend, owner = BackendFactory(max_in_flight=10), UserFactory()
    VideoFactory.create_batch(3, backend=backend, owner=owner)
    assert dispatch.claim_next(backend.pk)  # what a first claim creates is there
    has_chosen, told = Event(), Event()
    choose = fair_queue.next_video

    def choose_slowly(backend_id, now):
        chosen = choose(backend_id, now)
        has_chosen.set()
        told.wait(1.5)  # of a pause that has to wait for this worker, it is not told in that time
        return chosen

    monkeypatch.setattr(fair_queue, "next_video", choose_slowly)

    def work() -> int | None:
        try:
            claim = dispatch.claim_next(backend.pk)
            return claim and claim.video_id
        finally:
            connection.close()

    def pause() -> set[int]:
        try:
            has_chosen.wait(20)
            PAUSES[name](owner, backend)
            claimed = set(Video.objects.filter(state=State.SUBMITTING).values_list("pk", flat=True))
            told.set()
            return claimed
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        working, pausing = pool.submit(work), pool.submit(pause)
        claimed, by_then = working.result(60), pausing.result(60)

    assert claimed is None or claimed in by_then, "it was claimed after the pause was told"
    assert dispatch.claim_next(backend.pk) is None
