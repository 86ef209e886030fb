"""Extending where the backend cannot: from the source's last frame on, and the two joined here."""

import logging
from collections.abc import Callable
from pathlib import Path

from videos.lifecycle import Reason
from videos.media.concat import concat_videos, last_frame
from videos.media.inspect import NotAVideo, VideoFacts, inspect_video
from videos.media.reference import Reference
from videos.models import Video

logger = logging.getLogger(__name__)

_CHUNK = 1 << 20  # bytes

_ALONE = "This is the new part alone: "
_GONE = Reason("source_gone", _ALONE + "the video that it extends was deleted before this one was finished.")
_UNUSABLE = _ALONE + "it could not be joined to the video that it extends."


class SourceGone(FileNotFoundError):  # noqa: N818 - reads as the sentence it is
    """The video that is to be extended was deleted."""


def last_frame_of_source(video: Video, folder: Path) -> Reference:
    """Return the picture that an extension of `video`'s source begins with, in the video's size.

    `folder` is on the disk, and for this alone. Raises NotAVideo when the source cannot be decoded, OSError
    when it cannot be read or is gone.
    """
    copy = folder / "source.mp4"
    _copy_source(video, copy, between_chunks=lambda: None)
    return last_frame(copy, video.size)


def join_to_source(
    video: Video, clip: Path, *, check: Callable[[], None]
) -> tuple[VideoFacts, None] | tuple[None, Reason]:
    """Put the video's source before `clip`, in its place. Returns the facts of the joined file.

    Where the source is gone or the two cannot be joined, `clip` stays as it was, because it is paid for; then
    returns why, for its owner. `check` is called all along; what it raises stops the work. Raises OSError
    when storage or the disk fails, which is worth another try.
    """
    source, joined = clip.with_name("source.mp4"), clip.with_name("joined.mp4")
    try:
        _copy_source(video, source, between_chunks=check)
        concat_videos(source, clip, joined, between_frames=check)
        facts = inspect_video(joined)
    except SourceGone:
        return None, _GONE
    except ValueError as error:  # NotAVideo is one; PyAV raises others for what it cannot handle
        detail = error.detail if isinstance(error, NotAVideo) else ""
        logger.warning("Video %s is not joined to its source", video.public_id, exc_info=error)
        return None, Reason("not_joined", _UNUSABLE, f"{error} {detail}")
    joined.replace(clip)
    return facts, None


def _copy_source(video: Video, target: Path, *, between_chunks: Callable[[], None]) -> None:
    """Copy the source's file from storage, wherever that is, to the disk. Raises OSError."""
    if video.source is None or not video.source.file:
        raise SourceGone("The video to go on from is gone.")
    with target.open("wb") as copy:
        try:
            with video.source.file.open("rb") as file:
                for chunk in file.chunks(_CHUNK):
                    between_chunks()
                    copy.write(chunk)
        except FileNotFoundError as error:
            raise SourceGone("The file of the video to go on from is gone.") from error
