"""One frame of a video, as a reference image."""

from __future__ import annotations

from pathlib import Path

from av.video.reformatter import Interpolation

from videos.media.decoder.clip import frames_within, open_clip
from videos.media.decoder.image_files import MAX_SIDE
from videos.media.decoder.images import encode_reference
from videos.media.decoder.inspection import display_size, scan_packets
from videos.media.decoder.joining import decode_last_frame
from videos.media.decoder.stills import frame_to_image
from videos.media.facts import Reference

# A browser rounds the moment of a frame, and must not be taken to mean the frame before.
ROUNDING = 0.001  # seconds


def frame_at(path: Path, seconds: float | None) -> Reference:
    """Return the frame displayed `seconds` after the first one, upright, its longer side at most 4096 px; the
    last frame for None, and for a moment after the end.

    Raises NotAVideoError when the clip is not a video that plays, OSError when the file cannot be read.
    """
    with open_clip(path) as clip:
        if seconds is None:
            frame = decode_last_frame(clip, scan_packets(clip))
        else:
            moment = seconds + ROUNDING
            frame = next(frames_within(clip, [(moment, moment)]))
        width, height = display_size(clip, frame)
        scale = min(1.0, MAX_SIDE / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return encode_reference(frame_to_image(frame, size, Interpolation.BICUBIC))
