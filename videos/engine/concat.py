"""Extending where the backend cannot: from the source's last frame on, with the two concatenated here."""

import logging
from collections.abc import Callable
from pathlib import Path

from django.utils.translation import gettext_noop

from videos.engine.workspace import copy_from_storage
from videos.media.concat import concat_videos, last_frame
from videos.media.inspect import NotAVideoError, VideoFacts, inspect_video
from videos.media.reference import SUBMISSION_PATIENCE, Reference
from videos.media.sandbox import worker_budget
from videos.models import Video
from videos.models.values import Reason

logger = logging.getLogger(__name__)

_SOURCE_DELETED = Reason(
    "source_gone",
    gettext_noop(
        "This is only the new part: the video that it extends was deleted before this one was finished."
    ),
)
_UNUSABLE = gettext_noop("This is only the new part: it could not be joined to the video that it extends.")


class SourceDeletedError(FileNotFoundError):
    """The video that is to be extended, or its file, no longer exists."""


def last_frame_of_source(video: Video, folder: Path) -> Reference:
    """Return the image that an extension of `video`'s source begins with, in the video's size.

    `folder` is on the local disk, and for this alone. Raises `NotAVideoError` when the source cannot be
    decoded, `OSError` when it cannot be read or no longer exists, `DecoderBusyError`.
    """
    copy = folder / "source.mp4"
    _copy_source(video, copy, between_chunks=None)
    return last_frame(copy, video.size, worker_budget(patience=SUBMISSION_PATIENCE))


def join_to_source(
    video: Video, path: Path, *, check: Callable[[], None]
) -> tuple[VideoFacts, None] | tuple[None, Reason]:
    """Replace the file at `path` by the video's source followed by it, and return the facts of the whole.

    Where the source no longer exists or the two cannot be concatenated, the file stays as it was, because it
    is paid for, and the reason for its owner is returned instead. `check` is called throughout, and what it
    raises stops the work. Raises `OSError` when storage or the disk fails, and `DecoderBusyError`: either is
    worth another try.
    """
    source, joined = path.with_name("source.mp4"), path.with_name("joined.mp4")
    try:
        _copy_source(video, source, between_chunks=check)
        concat_videos(source, path, joined, worker_budget(), check=check)
        facts = inspect_video(joined, worker_budget())
    except SourceDeletedError:
        return None, _SOURCE_DELETED
    except ValueError as error:  # NotAVideoError is one; PyAV raises others for what it cannot handle
        detail = error.detail if isinstance(error, NotAVideoError) else ""
        logger.warning("Video %s cannot be joined to its source", video.public_id, exc_info=error)
        return None, Reason("not_joined", _UNUSABLE, f"{error} {detail}")
    joined.replace(path)
    return facts, None


def _copy_source(video: Video, target: Path, *, between_chunks: Callable[[], None] | None) -> None:
    """Copy the source's file to the local disk. Raises `OSError`."""
    if video.source is None or not video.source.file:
        raise SourceDeletedError("The video to be extended no longer exists.")
    try:
        copy_from_storage(video.source.file, target, between_chunks=between_chunks)
    except FileNotFoundError as error:
        raise SourceDeletedError("The file of the video to be extended no longer exists.") from error
