"""Reference images: cleans up what a person uploads, and fits it to the size of a video."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import BinaryIO, Literal

from PIL import Image, ImageCms, ImageEnhance, ImageFilter, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

MAX_PIXELS = 50_000_000
MIN_SIDE = 32

# The largest image that any server asks for is 1920 wide; twice that leaves room to crop.
MAX_SIDE = 4096

# A strip any longer would be thinner than MIN_SIDE once it is scaled to MAX_SIDE.
MAX_RATIO = MAX_SIDE // MIN_SIDE

# Behind transparency: a mid grey, on which both black and white drawings stay visible.
BACKGROUND = (128, 128, 128)

JPEG_QUALITY = 95

# Twice what a grid shows, for sharp screens.
THUMBNAIL_SIDE = 480
THUMBNAIL_TYPE = "image/webp"

# How much two aspect ratios may differ and still count as one: servers round sides to multiples of 16 or 32.
ASPECT_TOLERANCE = 0.04

# The end of every PNG: the IEND chunk's name and checksum. Pillow takes a PNG that lacks it for whole.
PNG_END = b"IEND\xaeB`\x82"

# What Pillow's readers raise on damaged data, beside the OSError and SyntaxError that they document.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    struct.error,
    zlib.error,
)

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
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
)

EXIF_ORIENTATION = 0x0112
TRANSPOSE_BY_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

BadReferenceCode = Literal[
    "too_large", "not_an_image", "unsupported_format", "damaged", "too_many_pixels", "too_small"
]


class BadReferenceError(ValueError):
    """The upload cannot be a reference image. `code` is for programs, `str()` one sentence for people."""

    def __init__(self, code: BadReferenceCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Reference:
    """A clean image: encoded bytes, their type and file extension (no dot), width and height in pixels.

    `thumbnail` is the same image as a WebP, its longer side at most 480 px; empty for one that is only sent.
    """

    content: bytes
    content_type: str
    extension: str
    width: int
    height: int
    thumbnail: bytes = b""


def open_reference(data: bytes | BinaryIO, *, max_bytes: int) -> Reference:
    """Return the image in `data` as an upright RGB JPEG without metadata, its longer side at most 4096 px.

    The bytes decide what it is, never a name or a declared type. At most `max_bytes` + 1 bytes are read from
    a file, and the pixel limit is checked before any pixel is decoded. Of an animation the first frame is
    taken; transparency is laid on grey. Raises BadReferenceError.
    """
    content = data[: max_bytes + 1] if isinstance(data, bytes) else data.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise BadReferenceError("too_large", f"The image is larger than {_megabytes(max_bytes)}.")
    picture = _decode(content)
    return replace(_encode(picture), thumbnail=_thumbnail(picture))


def fit_reference(content: bytes, size: str, *, how: Literal["crop", "pad"] = "crop") -> Reference:
    """Return the image in `content` with exactly the pixels of `size` ("1280x720").

    Servers answer 400 to any other size. "crop" fills it and crops evenly what does not fit; "pad" shows all
    of the image on a blurred, darkened copy of itself. Raises ValueError for a malformed `size`,
    BadReferenceError as `open_reference` does.
    """
    wanted = parse_size(size)
    return _fit(_decode(content), wanted, how)


def fit_frame(picture: Image.Image, size: str) -> Reference:
    """Return a frame of a video with exactly the pixels of `size`: scaled, and cropped if its aspect differs.

    An aspect ratio that differs only because a server rounded it (1280x704 for 1280x720) is stretched, so
    that nothing is lost at the edges. Raises ValueError for a malformed `size`.
    """
    wanted = parse_size(size)
    if is_similar_aspect(picture.size, wanted):
        picture = picture.resize(wanted, Image.Resampling.LANCZOS)
    return _fit(picture, wanted, "crop")


def parse_size(size: str) -> tuple[int, int]:
    """Return width and height of a size such as "1280x720". Raises ValueError when it is not one."""
    match = re.fullmatch(r"([1-9][0-9]{1,3})x([1-9][0-9]{1,3})", size)
    if match is None:
        raise ValueError(f"not a size such as 1280x720: {size!r}")
    return int(match[1]), int(match[2])


def is_similar_aspect(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether stretching an image from one size (pixels) to the other goes unnoticed."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) < ASPECT_TOLERANCE


def _fit(picture: Image.Image, wanted: tuple[int, int], how: Literal["crop", "pad"]) -> Reference:
    cover = ImageOps.fit(picture, wanted, Image.Resampling.LANCZOS)
    return _encode(cover if how == "crop" else _pad(picture, cover))


def _pad(picture: Image.Image, cover: Image.Image) -> Image.Image:
    """Return all of `picture` in the middle of a blurred `cover`, in `cover`'s size."""
    # Blurred small and enlarged: looks the same as blurring the full size and costs a hundredth.
    small = cover.resize((max(1, cover.width // 16), max(1, cover.height // 16)), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(2)).resize(cover.size, Image.Resampling.BICUBIC)
    background = ImageEnhance.Brightness(blurred).enhance(0.5)
    scale = min(cover.width / picture.width, cover.height / picture.height)
    inner = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    left, top = (cover.width - inner[0]) // 2, (cover.height - inner[1]) // 2
    background.paste(picture.resize(inner, Image.Resampling.LANCZOS), (left, top))
    return background


def _encode(picture: Image.Image) -> Reference:
    """Return `picture` as a JPEG. Not PNG: a photograph's would pass the upload limits of the servers."""
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    return Reference(buffer.getvalue(), "image/jpeg", "jpg", picture.width, picture.height)


def _thumbnail(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    _shrink(picture, THUMBNAIL_SIDE).save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def _decode(content: bytes) -> Image.Image:
    """Return the image in `content` upright, in RGB, its longer side at most MAX_SIDE, without metadata."""
    reader = _image_reader(content)
    with _as_reference_errors(), reader(BytesIO(content)) as image:
        _require_valid_size(image.size)
        # A JPEG can be decoded smaller than it is, for a fraction of the memory; other formats ignore this.
        image.draft(None, (MAX_SIDE, MAX_SIDE))
        image.load()
        transpose = TRANSPOSE_BY_ORIENTATION.get(_exif_orientation(image))
        picture = _to_srgb(_shrink(_expand_palette(image), MAX_SIDE), image.info.get("icc_profile"))
        upright = picture.transpose(transpose) if transpose is not None else picture
        upright.info.clear()
        return upright


def _image_reader(content: bytes) -> type[ImageFile]:
    """Return Pillow's reader for `content`, chosen by its first bytes.

    It is named directly rather than through Image.open, which would try every format that Pillow knows and
    issue its own warning about large images before our limit applies.
    """
    if content.startswith(b"\xff\xd8\xff"):
        return JpegImageFile
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        if PNG_END not in content:
            raise _damaged_error()
        return PngImageFile
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WebPImageFile
    for offset, signature, name in UNSUPPORTED_FORMATS:
        if content.startswith(signature, offset):
            raise BadReferenceError(
                "unsupported_format", f"{name} is not supported: choose a JPEG, PNG or WebP image."
            )
    raise BadReferenceError("not_an_image", "The file is not an image: choose a JPEG, PNG or WebP.")


@contextmanager
def _as_reference_errors() -> Iterator[None]:
    """Raise what Pillow raises on damaged data as BadReferenceError."""
    try:
        yield
    except BadReferenceError:
        raise
    except Image.DecompressionBombError as error:
        # Pillow's WebP reader has a limit of its own, far above ours, and looks at it first.
        raise _too_many_pixels_error("far too many") from error
    except DECODE_ERRORS as error:
        raise _damaged_error() from error


def _too_many_pixels_error(found: str) -> BadReferenceError:
    limit = f"{MAX_PIXELS // 1_000_000} million"
    return BadReferenceError(
        "too_many_pixels", f"The image has {found} pixels; the limit is {limit} in total."
    )


def _damaged_error() -> BadReferenceError:
    return BadReferenceError("damaged", "The image is damaged or incomplete.")


def _require_valid_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels_error(f"{width} x {height}")
    if min(width, height) < MIN_SIDE:
        raise BadReferenceError(
            "too_small", f"The image has {width} x {height} pixels; each side needs at least {MIN_SIDE}."
        )
    if max(width, height) > MAX_RATIO * min(width, height):
        raise BadReferenceError("too_small", f"The image is too narrow: {width} x {height} pixels.")


def _exif_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) when there is none or the metadata is broken."""
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))
    except DECODE_ERRORS:
        return 1


def _expand_palette(image: Image.Image) -> Image.Image:
    """Return `image` in a mode that can be scaled smoothly: palettes and single bits become colours."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):
        # Sixteen bits of grey, which Pillow would clip at 255.
        return image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _shrink(image: Image.Image, side: int) -> Image.Image:
    if max(image.size) <= side:
        return image
    scale = side / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Return `image` flattened on BACKGROUND, in sRGB if it has a colour `profile` that can be read."""
    if image.mode == "RGBA":
        background = Image.new("RGB", image.size, BACKGROUND)
        background.paste(image, mask=image.getchannel("A"))
        image = background
    if isinstance(profile, bytes) and profile:
        try:
            source, target = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None  # a broken profile costs the exact colours, not the image
        image = converted or image
    return image.convert("RGB")


def _megabytes(count: int) -> str:
    return f"{count / 1048576:.3g} MB" if count >= 1048576 else f"{count / 1024:.3g} KB"
