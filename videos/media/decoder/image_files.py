"""Looks into an image file before it is decoded: what it is, how large, and whether it is made to do harm.

What is not needed to draw the image never reaches a decoder: comments, thumbnails, and the EXIF data, of
which the orientation alone is read, here.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from videos.media.errors import BadReferenceError
from videos.media.facts import MAX_UPLOAD_PIXELS

MAX_PIXELS = 50_000_000
# Pillow's reader holds a WebP four times while it decodes: two canvases, the bytes, and the image.
MAX_WEBP_PIXELS = MAX_UPLOAD_PIXELS
MIN_SIDE = 32

# The largest image that any server asks for is 1920 wide; twice that leaves room to crop.
MAX_SIDE = 4096

# A strip any longer would be thinner than MIN_SIDE once it is scaled to MAX_SIDE.
MAX_RATIO = MAX_SIDE // MIN_SIDE

# A progressive JPEG has about ten scans. Each goes over all of the image, so thousands of them take minutes;
# a large image may have fewer. The product is pixels times scans.
MAX_SCANS = 100
MAX_SCANNED_PIXELS = 1_000_000_000

# A decoder keeps two bytes for each sample of a progressive JPEG, beside four for each pixel that it draws.
MAX_JPEG_MEMORY = 400 << 20

MAX_CHUNKS = 100_000  # of a PNG or a WebP; some programs write a chunk for every 8 KiB
MAX_PROFILE_BYTES = 4 << 20  # of a colour profile; those of printing presses have 3 MB

# The end of every PNG: the IEND chunk's name and checksum. Pillow takes a PNG that lacks it for whole.
PNG_END = b"IEND\xaeB`\x82"
PNG_MARK = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IDAT", b"IEND"})

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
KEPT_SEGMENTS = frozenset({0xE0, 0xE2, 0xEE})  # JFIF, the colour profile, and what Adobe says of the colours
APPLICATION_SEGMENTS = frozenset(range(0xE0, 0xF0)) | {0xFE}

# Known formats that we do not take, by their first bytes, so that the message can name what was sent.
UNSUPPORTED_FORMATS = (
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"%PDF", "PDF"),
    (0, b"<svg", "SVG"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL ", "JPEG XL"),
    (4, b"jP  ", "JPEG 2000"),
)
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})

EXIF_ORIENTATION = 0x0112
UPRIGHT = 1
SUPPORTED = "a JPEG, PNG, WebP, HEIC or AVIF image"


@dataclass(frozen=True)
class ImageFile:
    """The file of an image, without what is not needed to draw it.

    `kind` is JPEG, PNG, WEBP, HEIC or AVIF. `orientation` is EXIF's, 1 to 8, as far as it is known before
    decoding.
    """

    kind: str
    content: bytes
    orientation: int = UPRIGHT


def check_file(content: bytes) -> ImageFile:
    """Return the image file in `content`, bounded in all that can be told before decoding.

    Raises BadReferenceError.
    """
    if content.startswith(b"\xff\xd8\xff"):
        return _check_jpeg(content)
    if content.startswith(PNG_MARK):
        return _check_png(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _check_webp(content)
    if content[4:8] == b"ftyp" and (kind := _boxed_kind(content)):
        return ImageFile(kind, content)
    for offset, signature, name in UNSUPPORTED_FORMATS:
        if content.startswith(signature, offset):
            raise BadReferenceError("unsupported_format", f"{name} is not supported: choose {SUPPORTED}.")
    raise BadReferenceError("not_an_image", f"The file is not an image: choose {SUPPORTED}.")


def check_size(size: tuple[int, int], limit: int = MAX_PIXELS) -> None:
    """Raise BadReferenceError for a `size` (pixels) that is too large, too small or too narrow."""
    width, height = size
    if width * height > limit:
        raise BadReferenceError(
            "too_many_pixels",
            f"The image has {width} x {height} pixels; the limit is {limit // 1_000_000} million in total.",
        )
    if min(width, height) < MIN_SIDE:
        raise BadReferenceError(
            "too_small", f"The image has {width} x {height} pixels; each side needs at least {MIN_SIDE}."
        )
    if max(width, height) > MAX_RATIO * min(width, height):
        raise BadReferenceError("too_small", f"The image is too narrow: {width} x {height} pixels.")


def damaged_error() -> BadReferenceError:
    return BadReferenceError("damaged", "The image is damaged or incomplete.")


def too_complex_error() -> BadReferenceError:
    return BadReferenceError(
        "too_complex",
        "The image is built in a way that takes too long to read. Save it again as a plain JPEG.",
    )


def exif_orientation(exif: bytes) -> int:
    """Return the orientation in EXIF data; 1, upright, when there is none or the data makes no sense.

    Only the first directory is searched, and nothing in it is followed: a directory can refer to the same
    64 KB thousands of times.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is None:
            return UPRIGHT
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * index)
            if tag == EXIF_ORIENTATION:
                return value if kind == 3 and 1 <= value <= 8 else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT


def _boxed_kind(content: bytes) -> str:
    """Return HEIC or AVIF for an image made of boxes (ISO/IEC 23008-12), empty for anything else, as a video.

    `mif1` is the name of both, so the other brands decide then.
    """
    length = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[8:12], *(content[at : at + 4] for at in range(16, length, 4))}
    if content[8:12] not in HEIC_BRANDS | AVIF_BRANDS:
        return ""
    return "AVIF" if brands & AVIF_BRANDS else "HEIC"


def _check_jpeg(content: bytes) -> ImageFile:
    kept = [content[:2]]
    orientation, pixels, at = UPRIGHT, 0, 2
    for marker, start, end in _jpeg_segments(content):
        if marker in START_OF_FRAME and end - start >= 9:
            height, width = struct.unpack_from(">HH", content, start + 5)
            check_size((width, height))
            pixels = width * height
            if marker in PROGRESSIVE and pixels * 4 + _jpeg_samples(content[start:end]) * 2 > MAX_JPEG_MEMORY:
                raise too_complex_error()
        if marker == 0xE1 and content.startswith(b"Exif\0\0", start + 4):
            orientation = exif_orientation(content[start + 4 : end])
        if marker in KEPT_SEGMENTS or marker not in APPLICATION_SEGMENTS:
            kept.append(content[start:end])
        at = end
    scans = content.count(b"\xff\xda", at)  # within a scan's data every FF is followed by a zero or a restart
    if scans > MAX_SCANS or scans * pixels > MAX_SCANNED_PIXELS:
        raise too_complex_error()
    return ImageFile("JPEG", b"".join([*kept, content[at:]]), orientation)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment before the first scan (ITU-T T.81, B.1)."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in (SOS, EOI):
            return
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        has_length = marker != 0x01 and not 0xD0 <= marker <= SOI
        end = at + 2 + (int.from_bytes(content[at + 2 : at + 4], "big") if has_length else 0)
        yield marker, at, end
        at = end


def _jpeg_samples(frame: bytes) -> int:
    """Return how many samples an image has, from the segment that starts its frame (ITU-T T.81, B.2.2)."""
    height, width, count = (int(each) for each in struct.unpack_from(">HHB", frame, 5))
    factors = [divmod(factor, 16) for factor in frame[11 : 10 + 3 * count : 3]]
    widest, highest = (max((each[axis] for each in factors), default=1) or 1 for axis in (0, 1))
    return sum(width * height * w * h // (widest * highest) for w, h in factors)


def _check_png(content: bytes) -> ImageFile:
    if PNG_END not in content:
        raise damaged_error()
    kept, orientation = [PNG_MARK], UPRIGHT
    for count, (name, start, end) in enumerate(_png_chunks(content)):
        if count > MAX_CHUNKS:
            raise too_complex_error()
        if name == b"IHDR" and end - start >= 20:
            width, height = struct.unpack_from(">II", content, start + 8)
            check_size((width, height))
        if name == b"eXIf":
            orientation = exif_orientation(content[start + 8 : end - 4])
        if name in PNG_CHUNKS and not (name == b"iCCP" and _is_large_profile(content[start + 8 : end - 4])):
            kept.append(content[start:end])
    return ImageFile("PNG", b"".join(kept), orientation)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of each chunk (ISO/IEC 15948, 5.3)."""
    at = len(PNG_MARK)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        yield content[at + 4 : at + 8], at, end
        at = end


def _is_large_profile(chunk: bytes) -> bool:
    """Whether the compressed profile in a PNG is broken, or unpacks to more than a profile may have.

    Pillow takes up to 1 MiB, and calls the whole image damaged for more.
    """
    unpacked = zlib.decompressobj()
    try:
        unpacked.decompress(chunk.partition(b"\0")[2][1:], 1 << 20)
    except zlib.error:
        return True
    return not unpacked.eof


def _check_webp(content: bytes) -> ImageFile:
    orientation, at, count = UPRIGHT, 12, 0
    while at + 8 <= len(content):
        name, end = content[at : at + 4], at + 8 + int.from_bytes(content[at + 4 : at + 8], "little")
        count += 1
        if count > MAX_CHUNKS or (name == b"ICCP" and end - at > MAX_PROFILE_BYTES):
            raise too_complex_error()
        if count <= 2 and (size := _webp_size(name, content[at + 8 : at + 18])):
            check_size(size, MAX_WEBP_PIXELS)
        if name == b"EXIF":
            orientation = exif_orientation(content[at + 8 : end])
        at = end + end % 2
    return ImageFile("WEBP", content, orientation)


def _webp_size(name: bytes, body: bytes) -> tuple[int, int] | None:
    """Return width and height in one of the chunks that a WebP may begin with (RFC 9649, 2.5 to 2.7)."""
    if len(body) < 10:
        return None
    if name == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if name == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 ":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return None
