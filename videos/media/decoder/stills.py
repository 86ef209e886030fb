"""Still images of a video: the poster that stands for it, and the scrub sheet for hovering over it."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path

import av
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation
from PIL import Image, ImageStat

from videos.media.decoder.clip import Clip, frames_within, open_clip
from videos.media.decoder.inspection import display_size
from videos.media.facts import ScrubSheet

TILE_SIDE = 240
TILES, COLUMNS = 20, 5

# Where a representative frame is looked for, in shares of the length, best guess first. The later ones are
# for clips that are black or blank at those before.
POSTER_POSITIONS = (1 / 3, 1 / 2, 2 / 3, 1 / 6, 5 / 6)

# The standard deviation of the brightness (0-255) below which a frame counts as blank.
MIN_CONTRAST = 6.0

# Without these flags swscale takes shortcuts that leave white at 253.
ACCURATE_SCALING = Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND

# AVCOL_SPC_UNSPECIFIED of FFmpeg's pixfmt.h.
UNSPECIFIED_COLORSPACE = 2


def make_pictures(video: Path, poster: Path, sheet: Path) -> ScrubSheet:
    """Write a poster and a scrub sheet with one pass over the file, and return the sheet's layout.

    They are as of `make_poster` and `make_scrub_sheet`, but that the poster is the frame of a tile. As a rule
    it is written after a third of the work, and so there although the rest fails.
    """
    tiles: list[Image.Image] = []
    judged: list[_Judged] = []
    with open_clip(video) as clip:
        frames, count = _sheet_frames(clip, TILES)
        ranks = {int(position * count): rank for rank, position in reversed([*enumerate(POSTER_POSITIONS)])}
        for index, frame in enumerate(frames):
            tiles.append(_tile(clip, frame))
            if index in ranks:
                judged = [min([*judged, _judge(frame, ranks[index])], key=itemgetter(0))]
                if judged[0][0] == _BEST or index == max(ranks):
                    _write_poster(clip, judged[0][1], poster)
                    ranks = {}
    return _write_sheet(tiles, sheet)


def make_poster(video: Path, target: Path, *, width: int = 960) -> tuple[int, int]:
    """Write a WebP of a representative frame to `target` and return its width and height in pixels.

    It has the clip's display aspect ratio and is at most `width` wide, never enlarged. `target` is written
    whole or not at all. Raises NotAVideoError when `video` cannot be decoded, OSError when a file cannot be
    read or written.
    """
    with open_clip(video) as clip:
        return _write_poster(clip, _representative_frame(clip), target, width=width)


def make_scrub_sheet(video: Path, target: Path, *, frames: int = TILES) -> ScrubSheet:
    """Write a JPEG sheet of `frames` evenly spaced frames to `target` and return its layout.

    A tile's longer side is at most 240 px, never enlarged; a clip of fewer frames gets that many tiles. Tile
    i stands for the i-th of `count` equal parts of the clip. `target` is written whole or not at all. Raises
    NotAVideoError when `video` cannot be decoded, OSError when a file cannot be read or written.
    """
    with open_clip(video) as clip:
        tiles = [_tile(clip, frame) for frame in _sheet_frames(clip, frames)[0]]
    return _write_sheet(tiles, target)


def _sheet_frames(clip: Clip, frames: int) -> tuple[Iterator[VideoFrame], int]:
    """Return the frames of a sheet's tiles, one for each of so many equal parts of the clip, and how many."""
    total = len(clip.stream.index_entries) or frames
    count = max(1, min(frames, total))
    if total >= 4 * count:
        # Up to half of the frames are those that no other refers to, and on a tile the neighbour looks the
        # same.
        clip.stream.codec_context.skip_frame = "NONREF"
    part = _length(clip) / count
    windows = [((index + 0.25) * part, (index + 0.75) * part) for index in range(count)]
    return frames_within(clip, windows), count


def _write_poster(clip: Clip, frame: VideoFrame, target: Path, *, width: int = 960) -> tuple[int, int]:
    shown_width, shown_height = display_size(clip, frame)
    scale = min(1.0, width / shown_width)
    picture = frame_to_image(frame, _scaled((shown_width, shown_height), scale), Interpolation.BICUBIC)
    with atomic_write(target) as temporary:
        picture.save(temporary, "WEBP", quality=82, method=4)
    return picture.size


def _write_sheet(tiles: list[Image.Image], target: Path) -> ScrubSheet:
    sheet, layout = _lay_out(tiles)
    with atomic_write(target) as temporary:
        sheet.save(temporary, "JPEG", quality=80)
    return layout


_Judged = tuple[tuple[bool, float], VideoFrame]  # the lower the first, the better the frame
_BEST = (False, 0)


def _judge(frame: VideoFrame, rank: int) -> _Judged:
    """Judge a frame by whether it is blank, and then by its rank, or by its contrast if it is."""
    contrast = _contrast(frame)
    is_blank = contrast < MIN_CONTRAST
    return (is_blank, -contrast if is_blank else rank), frame


def _representative_frame(clip: Clip) -> VideoFrame:
    """Return the first frame at POSTER_POSITIONS that is not blank, or the one with the most contrast."""
    length = _length(clip)
    candidates: list[tuple[float, VideoFrame]] = []
    for position in POSTER_POSITIONS:
        # A keyframe within the next twentieth is as good, sharper, and spares decoding up to it.
        frame = next(frames_within(clip, [(position * length, (position + 0.05) * length)]))
        contrast = _contrast(frame)
        if contrast >= MIN_CONTRAST:
            return frame
        candidates.append((contrast, frame))
    return max(candidates, key=itemgetter(0))[1]


def _contrast(frame: VideoFrame) -> float:
    """Return the standard deviation of the brightness (0-255) over the frame."""
    small = frame.reformat(width=64, height=64, format="gray", interpolation=Interpolation.AREA, threads=1)
    image: Image.Image = small.to_image()  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    return ImageStat.Stat(image).stddev[0]


def _tile(clip: Clip, frame: VideoFrame) -> Image.Image:
    size = display_size(clip, frame)
    return frame_to_image(frame, _scaled(size, min(1.0, TILE_SIDE / max(size))), Interpolation.AREA)


def _lay_out(tiles: list[Image.Image]) -> tuple[Image.Image, ScrubSheet]:
    """Return the tiles on one sheet, in reading order, and the sheet's layout."""
    width, height = tiles[0].size
    columns = min(COLUMNS, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        sheet.paste(tile, (column * width, row * height))
    return sheet, ScrubSheet(columns, rows, len(tiles), width, height)


def frame_to_image(frame: VideoFrame, size: tuple[int, int], interpolation: Interpolation) -> Image.Image:
    """Return `frame` as an upright RGB image, scaled to the display `size` (pixels)."""
    width, height = reversed(size) if frame.rotation % 180 else size
    colorspace = None
    if frame.colorspace == UNSPECIFIED_COLORSPACE:
        # What browsers assume. With any other the colours would jump when the video replaces the poster.
        colorspace = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
    image: Image.Image = frame.to_image(  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
        width=width,
        height=height,
        src_colorspace=colorspace,
        interpolation=interpolation | ACCURATE_SCALING,
        threads=1,
    )
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    width, height = size
    return max(1, round(width * scale)), max(1, round(height * scale))


def _length(clip: Clip) -> float:
    """Return the video track's length in seconds as its header or its index gives it; 0 when neither does."""
    if clip.stream.duration:
        return float(clip.stream.duration * clip.time_base)
    return (clip.container.duration or 0) / av.time_base


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `target` at the end, and is removed if the block fails."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
