"""Fetching the pictures of jobs that may be a video's own, for whoever has to say which of them it is.

A worker does that when somebody looks (`videos.engine.picture_cache`): no page waits for a backend, and no
web process decodes what one sends.
"""

import logging
import time
from pathlib import Path

from django.db.models import F

from videos.backends.errors import BackendError, RefusedError, UnavailableError
from videos.engine import bulkhead, clients, picture_cache, read_pauses
from videos.engine.clients import Client
from videos.engine.workspace import scratch_folder
from videos.media.errors import DecoderBusyError
from videos.media.poster import NotAVideoError, make_poster
from videos.media.reference import BadReferenceError, open_reference
from videos.media.sandbox import worker_budget
from videos.models import JobCandidate, State, Video

logger = logging.getLogger(__name__)

TIMEOUT = 10.0  # seconds without a byte
MAX_IMAGE_BYTES = 4 << 20
MAX_VIDEO_BYTES = 64 << 20  # of a video that is fetched for the sake of its picture
MAX_VIDEO_SECONDS = 30.0
_SLOW = 1.0  # seconds after which nobody waits for a picture any more


class _NoPictureError(Exception):
    """There is no picture, or it would take too much to have one."""


# Why there is no picture to show, now or ever.
_NO_PICTURE = (BackendError, NotAVideoError, BadReferenceError, DecoderBusyError, _NoPictureError, OSError)


def fetch(candidate_id: int) -> None:
    """Fetch the picture of a candidate: what the backend keeps as such, else a frame of the video.

    Beyond the backend's share of this worker nothing is done.
    """
    candidate = JobCandidate.objects.select_related("video__backend").get(pk=candidate_id)
    began = time.monotonic()
    with bulkhead.call(candidate.video.backend_id) as is_admitted:
        if not is_admitted or read_pauses.is_paused(candidate.video.backend):
            picture_cache.forget_request(candidate)
            return
        picture = _picture(candidate)
    picture_cache.keep(candidate, picture)
    if picture and time.monotonic() - began > _SLOW:  # open pages show it when the video has changed
        shown = Video.objects.filter(pk=candidate.video_id, state=State.UNCERTAIN)
        shown.update(revision=F("revision") + 1)


def _picture(candidate: JobCandidate) -> bytes:
    try:
        with clients.client_for(candidate.video.backend, timeout=TIMEOUT) as client:
            return _own_picture(client, candidate.backend_job_id) or _frame(client, candidate.backend_job_id)
    except _NO_PICTURE as error:
        if isinstance(error, BackendError):
            read_pauses.note(candidate.video.backend_id, [error])
        logger.info("Job %s has no picture: %s", candidate.backend_job_id, error)
        return b""


def _own_picture(client: Client, job_id: str) -> bytes:
    """The picture that the backend keeps; b"" when it has none. Raises `BackendError` if it is away."""
    try:
        content = client.thumbnail(job_id, max_bytes=MAX_IMAGE_BYTES)
        return open_reference(content, max_bytes=MAX_IMAGE_BYTES).thumbnail
    except (RefusedError, BadReferenceError):
        return b""
    except UnavailableError as error:
        if error.code not in ("content_not_ready", "too_large"):
            raise
        return b""


def _frame(client: Client, job_id: str) -> bytes:
    """A frame of the video. Raises what `_NO_PICTURE` lists."""
    with scratch_folder() as folder:
        video, poster = folder / "video", folder / "poster.webp"
        _download(client, job_id, video)
        make_poster(video, poster, worker_budget())
        return open_reference(poster.read_bytes(), max_bytes=MAX_IMAGE_BYTES).thumbnail


def _download(client: Client, job_id: str, target: Path) -> None:
    ends_at = time.monotonic() + MAX_VIDEO_SECONDS
    with client.download(job_id) as chunks, target.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            if file.tell() > MAX_VIDEO_BYTES or time.monotonic() > ends_at:
                raise _NoPictureError("its video is too large, or comes too slowly, to be fetched for that")
