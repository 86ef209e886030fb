"""A copy of a video that every browser plays, for one that came as HEVC, ProRes, WebM or the like."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from videos.media.decoder.clip import open_clip
from videos.media.decoder.encoder import ClipWriter, Output, Part, even_size, open_output
from videos.media.decoder.frames import FrameScaler, color_matrix
from videos.media.decoder.inspection import display_size
from videos.media.decoder.stills import atomic_write
from videos.media.errors import TranscodingTimeoutError

# Indistinguishable in a player. Whoever wants every bit has the original.
ENCODER_OPTIONS = {"preset": "veryfast", "crf": "18", "rc-lookahead": "20"}

MAX_PIXELS = 4096 * 2304  # of the copy; decoders for H.264 in phones and browsers end there


def make_browser_copy(
    source: Path,
    target: Path,
    *,
    max_seconds: float,
    between_frames: Callable[[], None] = lambda: None,
) -> None:
    """Write an MP4 (H.264, 8-bit 4:2:0, AAC, index first) to `target` that shows what `source` shows.

    Size, timestamps, colours and audio are kept, and rotation is applied; a picture larger than 4K is scaled
    down. Memory does not grow with the length. `between_frames` is called before every packet; what it raises
    stops the work. `target` is written whole or not at all. Raises TranscodingTimeoutError when it takes
    longer than `max_seconds`, NotAVideoError when the clip cannot be decoded or is longer than an hour,
    OSError when a file cannot be read or written.
    """
    deadline = time.monotonic() + max_seconds

    def check() -> None:
        if time.monotonic() > deadline:
            raise TranscodingTimeoutError(f"It took longer than {max_seconds:.0f} seconds.")
        between_frames()

    with open_clip(source) as clip:
        part = Part.open(clip)
        first = part.opening[0]
        size, matrix = _copy_size(display_size(clip, first)), color_matrix(first)
        with atomic_write(target) as temporary, open_output(temporary) as container:
            output = Output(container, [part], size, matrix, ENCODER_OPTIONS)
            scaler = FrameScaler(clip, size, matrix)
            ClipWriter(output, part, scaler, first.pts or 0, Fraction(0), is_first=True).run(check)
            output.finish()


def _copy_size(size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    scale = min(1.0, (MAX_PIXELS / (width * height)) ** 0.5)
    return even_size((int(width * scale), int(height * scale)))
