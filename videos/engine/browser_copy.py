"""The copy for the player of a video that not every browser plays. The file that came is kept as it is."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from videos.media.inspect import VideoFacts
from videos.media.sandbox import Budget
from videos.media.transcode import TranscodingTimeoutError, make_browser_copy

logger = logging.getLogger(__name__)

_NAME = "browser.mp4"  # in the folder of the file


@dataclass(frozen=True)
class BrowserCopy:
    """A copy on the local disk, measured."""

    path: Path
    byte_count: int
    sha256: str


def make(
    path: Path,
    facts: VideoFacts,
    budget: Budget,
    *,
    max_seconds: float,
    max_cpu_seconds: float = float("inf"),
    check: Callable[[], None] | None = None,
) -> BrowserCopy | None:
    """Make a copy of the file at `path` beside it. None where it needs none, or where none can be made.

    A paid video is not lost because it cannot be copied: the page then says that browsers may not play it.
    It takes `max_cpu_seconds` of the `budget` at most. `check` is called throughout, and what it raises stops
    the work. Raises `OSError` when the disk fails, `DecoderBusyError`.
    """
    if facts.plays_in_browsers:
        return None
    target = path.with_name(_NAME)
    try:
        make_browser_copy(
            path, target, budget, max_seconds=max_seconds, max_cpu_seconds=max_cpu_seconds, check=check
        )
    except (ValueError, TranscodingTimeoutError) as error:  # PyAV raises ValueErrors of its own
        logger.warning("There is no copy for browsers of a video in %s: %s", facts.codec_name, error)
        return None
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return BrowserCopy(target, target.stat().st_size, digest)
