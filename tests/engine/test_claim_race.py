"""Many workers at once, each on its own database connection."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from tests.factories import BackendFactory, VideoFactory
from videos import lifecycle
from videos.engine import dispatch
from videos.models import State, Video

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 8


def _all_at_once(act: Callable[[], object]) -> list[object]:
    barrier = Barrier(WORKERS)

    def run(_: int) -> object:
        barrier.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


def test_together_they_never_exceed_the_backends_limit():
    backend = BackendFactory(max_in_flight=3)
    for _ in range(WORKERS):
        VideoFactory(backend=backend)

    claims = [claim for claim in _all_at_once(lambda: dispatch.claim_next(backend.pk)) if claim]

    assert len(claims) == 3
    assert len({claim.video_id for claim in claims}) == 3
    assert Video.objects.filter(state=State.SUBMITTING).count() == 3


def test_one_file_is_stored_by_one_worker():
    video = VideoFactory(state=State.STORING)

    tokens = _all_at_once(lambda: lifecycle.claim_storing(video.pk, lease=timedelta(seconds=60)))

    assert len([token for token in tokens if token]) == 1
