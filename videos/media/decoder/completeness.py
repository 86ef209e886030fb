"""Tells a whole video file from a truncated one by the lengths that its container gives.

FFmpeg reads a truncated file without complaint.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from videos.containers import AVI, HEADER_BYTES, MATROSKA, WEBM, Container, detect_container
from videos.media.errors import NotAVideoError

# A clip with a fragment for every frame has thousands of boxes; a file with more than this was made to waste
# time.
MAX_BOXES = 200_000

# AVIF and HEIC images are built of the same boxes as an MP4 and would open as a clip of one frame.
STILL_IMAGE_BRANDS = frozenset(
    {b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
)


def require_whole_video(path: Path) -> Container:
    """Return the container of the file at `path`.

    Raises NotAVideoError unless it is one that videos come in, and whole; OSError when it cannot be read. A
    Matroska or AVI file that was written as a stream does not give its length, so it counts as whole.
    """
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
        container = detect_container(header)
        if not header:
            raise NotAVideoError("The file is empty.", detail="0 bytes")
        if container is None:
            raise NotAVideoError("The file is not an MP4 video.", detail=f"starts with {header[:16]!r}")
        if container in (WEBM, MATROSKA):
            _require_whole_matroska(file)
        elif container is AVI:
            _require_whole_avi(file)
        elif header[8:12] in STILL_IMAGE_BRANDS:
            raise NotAVideoError("The file is a picture, not a video.", detail=f"brand {header[8:12]!r}")
        elif b"moov" not in set(_boxes(file)):
            raise incomplete_error("no moov box")
        return container


def incomplete_error(detail: str) -> NotAVideoError:
    """Return the error of a truncated file."""
    return NotAVideoError("The video file is incomplete.", detail=detail)


def _boxes(file: BinaryIO) -> Iterator[bytes]:
    """Yield the type of each top-level box of an MP4 (ISO/IEC 14496-12, 4.2); the last ends the file."""
    end = file.seek(0, 2)
    offset = count = 0
    while offset < end:
        file.seek(offset)
        header = file.read(16)
        size, box_type = int.from_bytes(header[:4], "big"), header[4:8]
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        elif size == 0:
            size = end - offset
        if len(header) < 8 or size < 8 or size > end - offset:
            raise incomplete_error(f"box {box_type!r} at byte {offset} of {end} claims {size} bytes")
        count += 1
        if count > MAX_BOXES:
            raise NotAVideoError("The file is not an MP4 video.", detail=f"more than {MAX_BOXES} boxes")
        yield box_type
        offset += size


def _require_whole_matroska(file: BinaryIO) -> None:
    """Raise NotAVideoError when the header or the segment of a Matroska file (RFC 8794, 6) is cut short."""
    end = file.seek(0, 2)
    offset = 0
    for element in ("header", "segment"):
        file.seek(offset + 4)  # both have ids of four bytes
        first = file.read(1)
        length = 9 - first[0].bit_length() if first and first[0] else 9  # of the size, in bytes
        digits = first + file.read(length - 1)
        if len(digits) < length or length > 8:
            raise incomplete_error(f"no size of the {element} at byte {offset} of {end}")
        size = int.from_bytes(digits, "big") & ((1 << 7 * length) - 1)
        if size == (1 << 7 * length) - 1:
            return  # unknown: it was written as a stream
        offset += 4 + length + size
        if offset > end:
            raise incomplete_error(f"the {element} ends at byte {offset} of {end}")


def _require_whole_avi(file: BinaryIO) -> None:
    """Raise NotAVideoError when a RIFF chunk of an AVI file is cut short. A large file has several."""
    end = file.seek(0, 2)
    offset = count = 0
    while end - offset >= 8:
        file.seek(offset)
        header = file.read(8)
        size = int.from_bytes(header[4:8], "little")
        if header[:4] != b"RIFF" or size in (0, 0xFFFFFFFF) or count > MAX_BOXES:
            return  # of unknown length, written as a stream; or no video any more
        offset += 8 + size
        count += 1
        if offset > end:
            raise incomplete_error(f"RIFF chunk {count} ends at byte {offset} of {end}")
        offset += size % 2  # chunks begin at even bytes
