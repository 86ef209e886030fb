"""What an extension needs where the backend cannot extend: a clip's last frame, and two clips as one."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from videos.media.decoder.clip import Clip, decode_valid_frames, open_clip
from videos.media.decoder.encoder import ClipWriter, Output, Part, even_size, open_output
from videos.media.decoder.frames import FrameScaler, color_matrix
from videos.media.decoder.images import fit_frame
from videos.media.decoder.inspection import PacketStats, display_size, scan_packets
from videos.media.decoder.stills import atomic_write, frame_to_image
from videos.media.errors import NotAVideoError
from videos.media.facts import Reference

# Visually lossless: above 40 dB PSNR for anything but noise, at about the size of the originals.
ENCODER_OPTIONS = {"preset": "veryfast", "crf": "14", "rc-lookahead": "20"}

# The mean difference (0-255) of two thumbnails below which one frame is a duplicate, encoded anew.
DUPLICATE_THRESHOLD = 5.0


def last_frame(path: Path, size: str) -> Reference:
    """Return the last displayed frame of the clip at `path`, upright, with exactly the pixels of `size`.

    `size` is WIDTHxHEIGHT. Raises NotAVideoError when the clip is not a video that plays, ValueError for a
    malformed `size`, OSError when the file cannot be read.
    """
    with open_clip(path) as clip:
        stats = scan_packets(clip)
        frame = decode_last_frame(clip, stats)
        picture = frame_to_image(frame, display_size(clip, frame), Interpolation.BICUBIC)
    return fit_frame(picture, size)


def concat_videos(
    first: Path, second: Path, target: Path, *, between_frames: Callable[[], None] = lambda: None
) -> None:
    """Write one MP4 (H.264, AAC) to `target` that shows `first` and then `second`.

    It has the display size and the frame rate of the first; the first frame of the second is left out where
    it duplicates the last frame of the first. Both are encoded anew, visually lossless. Audio is continued,
    silent where one clip has none; if neither has any, there is no audio track. Memory does not grow with the
    length. `between_frames` is called before every packet; what it raises stops the work. `target` is written
    whole or not at all. Raises NotAVideoError when a clip cannot be decoded or is longer than an hour,
    OSError when a file cannot be read or written.
    """
    with open_clip(first) as one, open_clip(second) as two:
        parts = [Part.open(clip) for clip in (one, two)]
        size = even_size(display_size(one, parts[0].opening[0]))
        matrix = color_matrix(parts[0].opening[0])
        with atomic_write(target) as temporary, open_output(temporary) as container:
            output = Output(container, parts, size, matrix, ENCODER_OPTIONS)
            start, last = Fraction(0), None
            for part in parts:
                scaler = FrameScaler(part.clip, size, matrix)
                first_pts = _first_pts(part, scaler, last)
                writer = ClipWriter(output, part, scaler, first_pts, start, is_first=part is parts[0])
                last = writer.run(between_frames)
                start = writer.end
            output.finish()


def decode_last_frame(clip: Clip, stats: PacketStats) -> VideoFrame:
    """Return the last displayed frame: of the last GOP, else of all that can be decoded."""
    for pts in (stats.last_keyframe, stats.start or 0):
        clip.seek(pts)
        last: VideoFrame | None = None
        for frame in decode_valid_frames(clip):
            if last is None or _pts(frame) >= _pts(last):
                last = frame
        if last is not None:
            return last
    raise NotAVideoError("The video cannot be decoded.", detail="no frame could be decoded")


def _first_pts(part: Part, scaler: FrameScaler, previous: VideoFrame | None) -> int:
    """Return the timestamp of the first frame to show when the clip before ended with `previous`."""
    is_repeated = previous is not None and _is_duplicate(scaler(part.opening[0]), previous)
    return _pts(part.opening[1 if is_repeated and len(part.opening) > 1 else 0])


def _is_duplicate(one: VideoFrame, other: VideoFrame) -> bool:
    thumbnails = [
        frame.reformat(width=64, height=36, format="rgb24", interpolation=Interpolation.AREA, threads=1)
        .to_ndarray()
        .astype(np.int16)
        for frame in (one, other)
    ]
    return float(np.abs(thumbnails[0] - thumbnails[1]).mean()) < DUPLICATE_THRESHOLD


def _pts(frame: VideoFrame) -> int:
    return frame.pts or 0
