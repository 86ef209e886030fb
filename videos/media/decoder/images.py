"""Decodes images: cleans up what a person uploads, and fits it to the size of a video."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import Literal

from PIL import Image, ImageCms, ImageEnhance, ImageFilter, ImageOps
from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile as PillowFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from videos.media.decoder.image_files import (
    MAX_PIXELS,
    MAX_PROFILE_BYTES,
    MAX_SIDE,
    MAX_WEBP_PIXELS,
    UPRIGHT,
    check_file,
    check_size,
    damaged_error,
    exif_orientation,
)
from videos.media.errors import BadReferenceError
from videos.media.facts import THUMBNAIL_SIDE, Reference, parse_size

# Behind transparency: a mid grey, on which both black and white drawings stay visible.
BACKGROUND = (128, 128, 128)

JPEG_QUALITY = 95

# How much two aspect ratios may differ and still count as one: servers round sides to multiples of 16 or 32.
ASPECT_TOLERANCE = 0.04

# Rows that are converted at once: a second copy of a large image would not fit into a decoder's memory.
BAND_ROWS = 256
SMOOTH_MODES = frozenset({"L", "RGB", "CMYK"})  # those that can be scaled as they are

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

TRANSPOSE_BY_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def clean_image(content: bytes) -> Reference:
    """Return the image in `content` as an upright RGB JPEG without metadata, its longer side at most 4096 px.

    The bytes decide what it is, never a name or a declared type, and all limits are checked before any pixel
    is decoded. Of an animation the first frame is taken; transparency is laid on grey. Raises
    BadReferenceError.
    """
    return encode_reference(_decode(content))


def encode_reference(picture: Image.Image) -> Reference:
    """Return an upright RGB picture as a reference image with its thumbnail."""
    return replace(_encode(picture), thumbnail=_thumbnail(picture))


def fit_image(content: bytes, size: str, how: Literal["crop", "pad"] = "crop") -> Reference:
    """Return the image in `content` with exactly the pixels of `size` ("1280x720").

    "crop" fills it and crops evenly what does not fit; "pad" shows all of the image on a blurred, darkened
    copy of itself. Raises ValueError for a malformed `size`, BadReferenceError as `clean_image` does.
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
    file = check_file(content)
    with _as_reference_errors(), _reader(file.kind, file.content) as image:
        check_size(image.size, MAX_WEBP_PIXELS if file.kind == "WEBP" else MAX_PIXELS)
        # A JPEG can be decoded smaller than it is, for a fraction of the memory; other formats ignore this.
        image.draft(None, (MAX_SIDE, MAX_SIDE))
        image.load()
        picture = _to_srgb(_shrink(_flatten(image), MAX_SIDE), image.info.get("icc_profile"))
        upright = _turn(picture, _orientation(file.kind, file.orientation, image))
        upright.info.clear()
        return upright


def _reader(kind: str, content: bytes) -> PillowFile:
    """Return Pillow's reader of a `kind` of image.

    It is named directly rather than through Image.open, which would try every format that Pillow knows and
    issue its own warning about large images before our limit applies.
    """
    if kind == "HEIC":
        # Here, because it takes a while to load. It is libheif, which Pillow does not have.
        from pillow_heif import HeifImageFile, options

        options.DECODE_THREADS = 1
        options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
        return HeifImageFile(BytesIO(content))  # type: ignore[no-untyped-call]
    readers: dict[str, Callable[[BytesIO], PillowFile]] = {
        "JPEG": JpegImageFile,
        "PNG": PngImageFile,
        "WEBP": WebPImageFile,
        "AVIF": AvifImageFile,
    }
    return readers[kind](BytesIO(content))


def _orientation(kind: str, known: int, image: Image.Image) -> int:
    """Return how the decoded image is to be turned. A HEIC is upright by then, an AVIF says so only now."""
    if kind == "HEIC":
        return UPRIGHT
    return exif_orientation(image.info.get("exif") or b"") if kind == "AVIF" else known


def _turn(picture: Image.Image, orientation: int) -> Image.Image:
    transpose = TRANSPOSE_BY_ORIENTATION.get(orientation)
    return picture if transpose is None else picture.transpose(transpose)


@contextmanager
def _as_reference_errors() -> Iterator[None]:
    """Raise what Pillow raises on damaged data as BadReferenceError."""
    try:
        yield
    except BadReferenceError:
        raise
    except Image.DecompressionBombError as error:
        # Pillow's WebP reader has a limit of its own, far above ours, and looks at it first.
        raise BadReferenceError(
            "too_many_pixels",
            f"The image has far too many pixels; the limit is {MAX_PIXELS // 1_000_000} million in total.",
        ) from error
    except DECODE_ERRORS as error:
        raise damaged_error() from error


def _flatten(image: Image.Image) -> Image.Image:
    """Return `image` in a mode that can be scaled smoothly, what is transparent laid on BACKGROUND."""
    if image.mode in SMOOTH_MODES and not image.has_transparency_data:
        return image
    flat = Image.new("RGB", image.size)
    for top in range(0, image.height, BAND_ROWS):
        band = image.crop((0, top, image.width, min(top + BAND_ROWS, image.height)))
        flat.paste(_flatten_band(band), (0, top))
    image.close()  # only one of the two fits into a decoder's memory while it is scaled
    return flat


def _flatten_band(band: Image.Image) -> Image.Image:
    if band.has_transparency_data:
        colours = band.convert("RGBA")
        background = Image.new("RGB", band.size, BACKGROUND)
        background.paste(colours, mask=colours.getchannel("A"))
        return background
    if band.mode.startswith("I"):
        # Sixteen bits of grey, which Pillow would clip at 255.
        band = band.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    return band.convert("RGB")


def _shrink(image: Image.Image, side: int) -> Image.Image:
    if max(image.size) <= side:
        return image
    scale = side / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Return `image` in RGB, in sRGB if it has a colour `profile` that can be read."""
    if isinstance(profile, bytes) and 0 < len(profile) <= MAX_PROFILE_BYTES:
        try:
            source, target = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None  # a broken profile costs the exact colours, not the image
        image = converted or image
    return image.convert("RGB")
