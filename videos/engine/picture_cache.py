"""The pictures of jobs that may be a video's own, as far as they have been fetched.

Apart from the fetching (`videos.engine.candidate_pictures`), which needs FFmpeg: no web process loads that.
"""

import hashlib

from videos.engine import enqueue, safe_cache
from videos.models import JobCandidate

KEPT_FOR = 24 * 3600.0  # seconds
RETRY_AFTER = 60.0  # seconds until a picture that could not be had is asked for again


def cached_picture(candidate: JobCandidate) -> bytes | None:
    """Return the picture as WebP, b"" if there is none for now, None while nobody knows."""
    key = _key(candidate)
    picture: bytes | None = safe_cache.get_many([key]).get(key)
    return picture


def request_picture(candidate: JobCandidate) -> bool:
    """Have a worker fetch the picture. Returns False when that was asked for within the last minute."""
    is_new = safe_cache.add(_request_key(candidate), timeout=RETRY_AFTER)
    if is_new:
        enqueue.send("picture_candidate", candidate.pk)
    return is_new


def forget_request(candidate: JobCandidate) -> None:
    """Let the picture be asked for again at once."""
    safe_cache.delete(_request_key(candidate))


def keep(candidate: JobCandidate, picture: bytes) -> None:
    """Keep the picture, or b"" that there is none, for as long as that is to be believed."""
    safe_cache.set_many({_key(candidate): picture}, timeout=KEPT_FOR if picture else RETRY_AFTER)


def _key(candidate: JobCandidate) -> str:
    """By the job, not by the row: each search makes new rows."""
    job = hashlib.sha256(candidate.backend_job_id.encode()).hexdigest()[:32]
    return f"job-picture:{candidate.video.backend_id}:{job}"


def _request_key(candidate: JobCandidate) -> str:
    return f"{_key(candidate)}:asked"
