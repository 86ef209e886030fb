"""Reference images: what a person uploads, made into a clean picture that any server takes."""

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

# The largest picture any server asks for is 1920 wide; twice that leaves room to crop.
MAX_SIDE = 4096

# A strip any longer would be thinner than MIN_SIDE once it is scaled to MAX_SIDE.
MAX_RATIO = MAX_SIDE // MIN_SIDE

# Behind transparency: a mid grey, on which both black and white drawings stay visible.
NEUTRAL = (128, 128, 128)

JPEG_QUALITY = 95

# Twice what a grid shows, for sharp screens.
THUMBNAIL_SIDE = 480
THUMBNAIL_TYPE = "image/webp"

# How much two shapes (width by height) may differ and still count as one: servers round sides to 16 or 32.
NEARLY = 0.04

# The end of every PNG: the IEND chunk's name and checksum. Pillow takes a PNG that lacks it for whole.
PNG_END = b"IEND\xaeB`\x82"

# What Pillow's readers raise on damaged data, beside the OSError and SyntaxError that they document.
DAMAGE = (
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

# Known pictures we do not take, by their first bytes, so that the answer can name what was sent.
OTHER_FORMATS = (
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
UPRIGHT = {
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


class BadReference(ValueError):  # noqa: N818 - reads as the sentence it is
    """The upload cannot be a reference image. `code` is for programs, `str()` one sentence for people."""

    def __init__(self, code: BadReferenceCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Reference:
    """A clean picture: encoded bytes, their type and file extension (no dot), width and height in pixels.

    `thumbnail` is the same small, a WebP at most 480 px long; empty of one that is made to be sent.
    """

    content: bytes
    content_type: str
    extension: str
    width: int
    height: int
    thumbnail: bytes = b""


def open_reference(data: bytes | BinaryIO, *, max_bytes: int) -> Reference:
    """Return the picture in `data` as an upright RGB JPEG without metadata, its longer side at most 4096 px.

    The bytes decide what it is, never a name or a declared type. At most `max_bytes` + 1 bytes are read from
    a file, and the pixel limit is checked before any pixel is decoded. Of an animation the first frame is
    taken; what is transparent lies on grey. Raises BadReference.
    """
    content = data[: max_bytes + 1] if isinstance(data, bytes) else data.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise BadReference("too_large", f"The image is larger than {_megabytes(max_bytes)}.")
    picture = _decoded(content)
    return replace(_encoded(picture), thumbnail=_thumbnail(picture))


def fit_reference(content: bytes, size: str, *, how: Literal["crop", "pad"] = "crop") -> Reference:
    """Return the picture in `content` with exactly the pixels of `size` ("1280x720").

    Servers answer 400 to any other size. "crop" fills it and cuts evenly what stands over; "pad" shows all of
    it on a blurred, darkened copy of itself. Raises ValueError for a malformed `size`, BadReference as
    `open_reference` does.
    """
    wanted = sides(size)
    return _fitted(_decoded(content), wanted, how)


def fit_frame(picture: Image.Image, size: str) -> Reference:
    """Return a frame of a film with exactly the pixels of `size`: scaled, or cut where its shape is another.

    A shape so near that only a server's rounding made it (1280x704 for 1280x720) is stretched, so that
    nothing is lost at the edges. Raises ValueError for a malformed `size`.
    """
    wanted = sides(size)
    if same_shape(picture.size, wanted):
        picture = picture.resize(wanted, Image.Resampling.LANCZOS)
    return _fitted(picture, wanted, "crop")


def sides(size: str) -> tuple[int, int]:
    """Return width and height of a size such as "1280x720". Raises ValueError when it is not one."""
    match = re.fullmatch(r"([1-9][0-9]{1,3})x([1-9][0-9]{1,3})", size)
    if match is None:
        raise ValueError(f"not a size such as 1280x720: {size!r}")
    return int(match[1]), int(match[2])


def same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether stretching a picture from one size to the other goes unnoticed."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) < NEARLY


def _fitted(picture: Image.Image, wanted: tuple[int, int], how: Literal["crop", "pad"]) -> Reference:
    cover = ImageOps.fit(picture, wanted, Image.Resampling.LANCZOS)
    return _encoded(cover if how == "crop" else _padded(picture, cover))


def _padded(picture: Image.Image, cover: Image.Image) -> Image.Image:
    """Return all of `picture` in the middle of a blurred `cover`, in `cover`'s size."""
    # Blurred small and enlarged: looks the same as blurring the full size and costs a hundredth.
    small = cover.resize((max(1, cover.width // 16), max(1, cover.height // 16)), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(2)).resize(cover.size, Image.Resampling.BICUBIC)
    ground = ImageEnhance.Brightness(blurred).enhance(0.5)
    scale = min(cover.width / picture.width, cover.height / picture.height)
    inner = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    left, top = (cover.width - inner[0]) // 2, (cover.height - inner[1]) // 2
    ground.paste(picture.resize(inner, Image.Resampling.LANCZOS), (left, top))
    return ground


def _encoded(picture: Image.Image) -> Reference:
    """Return `picture` as a JPEG. Not PNG: a photograph's would pass the upload limits of the servers."""
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    return Reference(buffer.getvalue(), "image/jpeg", "jpg", picture.width, picture.height)


def _thumbnail(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    _at_most(picture, THUMBNAIL_SIDE).save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def _decoded(content: bytes) -> Image.Image:
    """Return the picture in `content` upright, in RGB, at most MAX_SIDE long, bare of metadata."""
    reader = _reader(content)
    with _refusing_damage(), reader(BytesIO(content)) as image:
        _require_sane_size(image.size)
        # A JPEG can be decoded smaller than it is, for a fraction of the memory; other formats ignore this.
        image.draft(None, (MAX_SIDE, MAX_SIDE))
        image.load()
        turn = UPRIGHT.get(_orientation(image))
        picture = _in_rgb(_at_most(_without_palette(image), MAX_SIDE), image.info.get("icc_profile"))
        upright = picture.transpose(turn) if turn is not None else picture
        upright.info.clear()
        return upright


def _reader(content: bytes) -> type[ImageFile]:
    """Return Pillow's reader for `content`, judged by its first bytes.

    Named directly, not through Image.open: that would try every format Pillow knows, and its own warning
    about large pictures would come before our limit.
    """
    if content.startswith(b"\xff\xd8\xff"):
        return JpegImageFile
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        if PNG_END not in content:
            raise _damaged()
        return PngImageFile
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WebPImageFile
    for offset, signature, name in OTHER_FORMATS:
        if content.startswith(signature, offset):
            raise BadReference(
                "unsupported_format", f"{name} is not supported: choose a JPEG, PNG or WebP image."
            )
    raise BadReference("not_an_image", "The file is not an image: choose a JPEG, PNG or WebP.")


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        yield
    except BadReference:
        raise
    except Image.DecompressionBombError as error:
        # Pillow's WebP reader has a limit of its own, far above ours, and looks at it first.
        raise _too_many_pixels("far too many") from error
    except DAMAGE as error:
        raise _damaged() from error


def _too_many_pixels(found: str) -> BadReference:
    limit = f"{MAX_PIXELS // 1_000_000} million"
    return BadReference("too_many_pixels", f"The image has {found} pixels; the limit is {limit} in total.")


def _damaged() -> BadReference:
    return BadReference("damaged", "The image is damaged or incomplete.")


def _require_sane_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(f"{width} x {height}")
    if min(width, height) < MIN_SIDE:
        raise BadReference(
            "too_small", f"The image has {width} x {height} pixels; each side needs at least {MIN_SIDE}."
        )
    if max(width, height) > MAX_RATIO * min(width, height):
        raise BadReference("too_small", f"The image is too narrow: {width} x {height} pixels.")


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) when there is none or the metadata is broken."""
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))
    except DAMAGE:
        return 1


def _without_palette(image: Image.Image) -> Image.Image:
    """Return `image` in a mode that can be scaled smoothly: palettes and single bits become colours."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):
        # Sixteen bits of grey, which Pillow would cut off at 255.
        return image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _at_most(image: Image.Image, side: int) -> Image.Image:
    if max(image.size) <= side:
        return image
    scale = side / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _in_rgb(image: Image.Image, profile: object) -> Image.Image:
    """Return `image` flattened on NEUTRAL, in sRGB when it carries a colour `profile` that can be read."""
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, NEUTRAL)
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    if isinstance(profile, bytes) and profile:
        try:
            source, target = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None  # a broken profile costs the exact colours, not the picture
        image = converted or image
    return image.convert("RGB")


def _megabytes(count: int) -> str:
    return f"{count / 1048576:.3g} MB" if count >= 1048576 else f"{count / 1024:.3g} KB"
