"""A process of its own that spends: python -m tests.billing.spend_concurrently USER COUNT THREADS.

Every thread asks for COUNT videos in turn, and does with each what befalls videos: some are accepted, some
refused, some canceled, and some fail. Prints how many were refused for want of money.
"""

import logging
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from billing.errors import BudgetExceededError  # noqa: E402
from videos import lifecycle  # noqa: E402
from videos.engine import enqueue  # noqa: E402
from videos.models import Video  # noqa: E402
from videos.models.values import Reason  # noqa: E402
from videos.services.generation_requests import GenerationRequest  # noqa: E402
from videos.services.videos import create_video  # noqa: E402

_NO = Reason("sentinel_block", "No.")


def spend(username: str, count: int) -> int:
    """Ask for `count` videos and let each go its way. Returns how many were refused."""
    refused = 0
    owner = User.objects.get(username=username)
    for number in range(count):
        request = GenerationRequest(f"{username} {number}", "sora-2", 4, "1280x720")
        try:
            video = create_video(owner, request)
        except BudgetExceededError:
            refused += 1
        else:
            _live(video, number % 5)
    connection.close()
    return refused


def _live(video: Video, fate: int) -> None:
    """Queued, canceled, refused, accepted, or accepted and failed."""
    if fate == 0:
        return
    if fate == 1:
        lifecycle.cancel(video.pk)
        return
    now = timezone.now()
    token = lifecycle.claim(video.pk, lease=timedelta(minutes=1), now=now)
    if token is None:
        raise RuntimeError("Nobody else is at this video.")
    if fate == 2:
        lifecycle.refuse(video.pk, token, _NO)
        return
    job_id = uuid.uuid4().hex
    lifecycle.accept(video.pk, token, job_id=job_id, progress=0, due_at=now)
    if fate == 4:
        lifecycle.fail_generation(video.pk, job_id, _NO)


def run(username: str, count: int, threads: int) -> int:
    """Spend in several threads at once. Returns how many requests were refused."""
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda _: spend(username, count), range(threads)))


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    enqueue.send = lambda *_: None  # type: ignore[assignment]  # there are no workers
    name, number, width = sys.argv[1:]
    sys.stdout.write(f"{run(name, int(number), int(width))}\n")
