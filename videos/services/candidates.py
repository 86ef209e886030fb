"""Jobs that may be the one of a video that needs a decision: their pictures, and who may see them."""

import time

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from videos.engine import picture_cache, safe_cache
from videos.models import JobCandidate, ReleasedJob, State, Video

WAIT = 1.5  # seconds that a page waits for a picture
_PAUSE = 0.05  # seconds between two looks
_SLOW_FOR = 60.0  # seconds for which nobody waits for a backend that was waited for in vain


def videos_for_staff() -> QuerySet[Video]:
    """Return the videos of which only staff can say which job is theirs: it may be another person's."""
    unclear = JobCandidate.objects.filter(video=OuterRef("pk"), may_be_anothers=True)
    undecided = Video.objects.filter(state=State.UNCERTAIN, due_at=None, deleted_at=None)
    return undecided.filter(Exists(unclear))


def rival_videos(candidate: JobCandidate) -> list[Video]:
    """Return the other videos that need a decision and have the same job among their candidates."""
    return list(
        Video.objects.filter(
            backend=candidate.video.backend_id,
            state=State.UNCERTAIN,
            due_at=None,
            deleted_at=None,
            candidates__backend_job_id=candidate.backend_job_id,
        )
        .exclude(pk=candidate.video_id)
        .select_related("owner")
        .order_by("pk")
    )


def find_candidate(video: Video, candidate_id: int, *, by_staff: bool = False) -> JobCandidate | None:
    """Return a candidate whose picture may be seen; None when there is none, or not for this person.

    The video's owner does not see what may be another person's, nor what has become another video's since
    the search; staff do.
    """
    if not video.needs_decision:
        return None
    candidate = video.candidates.select_related("video").filter(pk=candidate_id).first()
    if candidate is None or by_staff:
        return candidate
    job = {"backend": video.backend_id, "backend_job_id": candidate.backend_job_id}
    is_taken = Video.objects.filter(**job).exists() or ReleasedJob.objects.filter(**job).exists()
    return None if candidate.may_be_anothers or is_taken else candidate


def candidate_picture(candidate: JobCandidate) -> bytes:
    """Return the job's picture as WebP, b"" if there is none or none yet.

    Whoever looks first waits for the worker that fetches it, `WAIT` seconds at most.
    """
    picture = picture_cache.cached_picture(candidate)
    if picture is None and picture_cache.request_picture(candidate):
        picture = _wait_for_picture(candidate)
    return picture or b""


def _wait_for_picture(candidate: JobCandidate) -> bytes | None:
    slow = f"slow-pictures:{candidate.video.backend_id}"
    if not settings.REDIS_URL or safe_cache.get_many([slow]):
        return None
    ends_at = time.monotonic() + WAIT
    while time.monotonic() < ends_at:
        time.sleep(_PAUSE)
        picture = picture_cache.cached_picture(candidate)
        if picture is not None:
            return picture
    safe_cache.add(slow, timeout=_SLOW_FOR)
    return None
