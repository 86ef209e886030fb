"""What befalls a video, as the engine would do it: steps that tests take with the lifecycle."""

import uuid
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from videos import lifecycle
from videos.backends.charges import Charge
from videos.models import Video
from videos.models.values import Reason

LEASE = timedelta(minutes=1)
REFUSED = Reason("sentinel_block", "No.")
ZERO, PRICE = Decimal(0), Decimal("0.40")


def claim(video: Video) -> uuid.UUID:
    token = lifecycle.claim(video.pk, lease=LEASE, now=timezone.now())
    assert token is not None
    return token


def accept(video: Video, job_id: str = "job_1") -> Video:
    token = claim(video)
    assert lifecycle.accept(video.pk, token, job_id=job_id, progress=0, due_at=timezone.now())
    video.refresh_from_db()
    return video


def lose(video: Video) -> Video:
    """Leave the video to its owner's decision."""
    token = claim(video)
    assert lifecycle.mark_uncertain(video.pk, token, REFUSED, due_at=timezone.now())
    video.refresh_from_db()
    assert video.attempted_at is not None
    assert lifecycle.await_decision(video.pk, REFUSED, attempted_at=video.attempted_at)
    video.refresh_from_db()
    return video


def finish(video: Video, charged: Decimal | None = None, problem: str = "") -> Video:
    charge = Charge(charged, problem)
    assert lifecycle.begin_storing(video.pk, video.backend_job_id, charge=charge)
    video.refresh_from_db()
    return video


def time_out(video: Video) -> None:
    now = timezone.now()
    reason = Reason("timed_out", "Too slow.")
    assert lifecycle.time_out(video.pk, video.backend_job_id, reason, due_at=now, working=1, waiting=1)
