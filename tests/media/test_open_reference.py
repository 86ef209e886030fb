from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests.media.conftest import colourful_image, encode_image
from videos.media.decoder.images import clean_image
from videos.media.errors import BadReferenceError
from videos.media.reference import open_reference

LIMIT = 10 * 1024 * 1024


def reopened(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content)) as image:
        image.load()
        return image.copy()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_it_takes_each_format_and_gives_a_jpeg(kind: str) -> None:
    original = colourful_image()

    reference = clean_image(encode_image(original, kind))

    assert (reference.width, reference.height) == (320, 180)
    assert (reference.content_type, reference.extension) == ("image/jpeg", "jpg")
    with Image.open(BytesIO(reference.content)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (320, 180))
        difference = np.abs(np.asarray(image).astype(int) - np.asarray(original).astype(int))
    assert difference.mean() < 12


def test_it_reads_a_file_no_further_than_the_limit() -> None:
    file = BytesIO(bytes(5 * LIMIT))

    with pytest.raises(BadReferenceError) as refusal:
        open_reference(file, max_bytes=LIMIT)

    assert refusal.value.code == "too_large"
    assert file.tell() == LIMIT + 1


@pytest.mark.parametrize(("limit", "words"), [(LIMIT, "10 MB"), (1572864, "1.5 MB"), (512 * 1024, "512 KB")])
def test_it_names_the_limit_in_human_units(limit: int, words: str) -> None:
    with pytest.raises(BadReferenceError, match=words):
        open_reference(bytes(limit + 1), max_bytes=limit)


def test_it_takes_a_file_of_exactly_the_limit() -> None:
    content = encode_image(colourful_image(), "PNG")

    assert open_reference(content, max_bytes=len(content)).width == 320
    with pytest.raises(BadReferenceError):
        open_reference(content, max_bytes=len(content) - 1)


PRETENDERS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not_an_image"),
    "text": (b"a text file that somebody named .png", "not_an_image"),
    "a page": (b"<!DOCTYPE html><html></html>", "not_an_image"),
    "only a JPEG's mark": (b"\xff\xd8\xff\xe0", "damaged"),
    "only a PNG's mark": (b"\x89PNG\r\n\x1a\n", "damaged"),
    "only a WebP's mark": (b"RIFF\x10\0\0\0WEBPVP8 ", "damaged"),
    "a sound in RIFF": (b"RIFF\x10\0\0\0WAVEfmt ", "not_an_image"),
    "GIF": (encode_image(colourful_image(), "GIF"), "unsupported_format"),
    "BMP": (encode_image(colourful_image(), "BMP"), "unsupported_format"),
    "TIFF": (encode_image(colourful_image(), "TIFF"), "unsupported_format"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "unsupported_format"),
}


@pytest.mark.parametrize("kind", PRETENDERS)
def test_it_judges_by_content(kind: str) -> None:
    content, code = PRETENDERS[kind]

    with pytest.raises(BadReferenceError) as refusal:
        clean_image(content)

    assert refusal.value.code == code
    assert str(refusal.value).endswith(".")
    assert code != "unsupported_format" or kind in str(refusal.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99, 1.0])
def test_it_refuses_a_picture_cut_short(kind: str, share: float) -> None:
    whole = encode_image(colourful_image(), kind)

    with pytest.raises(BadReferenceError) as refusal:
        clean_image(whole[: min(int(len(whole) * share), len(whole) - 1)])

    assert refusal.value.code == "damaged"


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that claims to be this large and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(100))), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg_header(width: int, height: int) -> bytes:
    """Return a JPEG whose header claims another size than it has."""
    content = encode_image(colourful_image(), "JPEG")
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def webp_header(width: int, height: int) -> bytes:
    """Return an animated WebP whose header claims another size than it has."""
    frames = [colourful_image(64, 64), Image.new("RGB", (64, 64))]
    content = encode_image(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    at = content.index(b"VP8X") + 12
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return content[:at] + size + content[at + 6 :]


@pytest.mark.parametrize(
    "bomb",
    [
        png_header(20_000, 20_000),
        png_header(10_000, 10_000),
        png_header(2_000_000_000, 2_000_000_000),
        jpeg_header(20_000, 20_000),
        webp_header(20_000, 20_000),
        webp_header(9_000, 9_000),
    ],
    ids=["png 20000", "png 10000", "png 2e9", "jpeg 20000", "webp 20000", "webp 9000"],
)
def test_it_refuses_a_bomb_before_decoding_it(bomb: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[Any] = []
    for reader in ("JpegImageFile", "PngImageFile", "WebPImageFile"):
        monkeypatch.setattr(f"videos.media.decoder.images.{reader}.load", decoded.append)

    with pytest.raises(BadReferenceError, match="the limit is") as refusal:
        clean_image(bomb)

    assert refusal.value.code == "too_many_pixels"
    assert decoded == []


@pytest.mark.parametrize("size", [(31, 500), (500, 31), (1, 1), (40, 6000)])
def test_it_refuses_what_is_too_small_or_narrow(size: tuple[int, int]) -> None:
    with pytest.raises(BadReferenceError) as refusal:
        clean_image(encode_image(Image.new("RGB", size), "PNG"))

    assert refusal.value.code == "too_small"


def test_it_scales_down_what_is_larger_than_needed() -> None:
    reference = clean_image(encode_image(Image.new("RGB", (6000, 3000), "red"), "PNG"))

    assert (reference.width, reference.height) == (4096, 2048)
    assert reopened(reference.content).size == (4096, 2048)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_upright(orientation: int, kind: str) -> None:
    upright = Image.new("RGB", (96, 64), "blue")
    upright.paste("red", (0, 0, 48, 32))
    stored = upright.transpose(UNDONE[orientation]) if orientation in UNDONE else upright
    exif = Image.Exif()
    exif[0x0112] = orientation

    if kind == "HEIF":  # written as a property of the image, as phones do
        stored.info["exif"] = exif.tobytes()
        content = encode_image(stored, kind, quality=95)
    else:
        content = encode_image(stored, kind, exif=exif, quality=95)

    reference = clean_image(content)

    assert (reference.width, reference.height) == (96, 64)
    pixels = np.asarray(reopened(reference.content)).astype(int)
    assert pixels[8, 8, 0] > 200
    assert all(pixels[y, x, 2] > 200 for y, x in ((8, 88), (56, 8), (56, 88)))


# How a camera stores an upright picture under each EXIF orientation: the inverse of what a viewer does.
UNDONE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_strips_the_metadata(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encode_image(colourful_image(), kind, exif=exif, icc_profile=profile, comment=b"secret")
    assert b"taken at home" in content

    reference = clean_image(content)

    assert b"taken at home" not in reference.content
    assert b"secret" not in reference.content
    image = reopened(reference.content)
    assert dict(image.getexif()) == {}
    assert "icc_profile" not in image.info


def test_it_survives_a_broken_profile_and_broken_exif() -> None:
    content = encode_image(colourful_image(), "JPEG", exif=b"Exif\0\0garbage", icc_profile=b"no profile")

    assert clean_image(content).width == 320


def as_mode(mode: str) -> Image.Image:
    grey = Image.linear_gradient("L").resize((64, 64))
    if mode == "I;16":
        return Image.fromarray((np.asarray(grey).astype(np.uint16)) * 257)
    return grey.convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("L", "JPEG"), ("CMYK", "JPEG"), ("1", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("L", "PNG")],
)
def test_it_takes_every_kind_of_pixel(mode: str, kind: str) -> None:
    image = as_mode(mode)
    expected = np.asarray(as_mode("L")).astype(int)

    reference = clean_image(encode_image(image, kind))

    found = np.asarray(reopened(reference.content).convert("L")).astype(int)
    assert abs(found.mean() - expected.mean()) < 3
    assert abs(found[:16].mean() - expected[:16].mean()) < 4


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_it_lays_transparency_on_grey(mode: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (0, 0, 64, 32))

    reference = clean_image(encode_image(image.convert(mode), "PNG"))

    pixels = np.asarray(reopened(reference.content)).astype(int)
    assert pixels[8, 8].tolist() == [255, 255, 255]
    assert np.abs(pixels[56, 8] - 128).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_it_takes_the_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    content = encode_image(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)

    pixels = np.asarray(reopened(clean_image(content).content))

    assert pixels[32, 32, 0] > 240 > 20 > pixels[32, 32, 2]


def test_it_takes_a_phone_picture_of_several_images() -> None:
    content = encode_image(colourful_image(), "MPO", save_all=True, append_images=[colourful_image(160, 90)])

    assert clean_image(content).width == 320


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow mentions broken metadata and goes on
@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    edits=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_it_judges_any_damage_without_another_error(kind: str, edits: list[tuple[int, int]]) -> None:
    content = bytearray(encode_image(colourful_image(96, 64), kind, exif=Image.Exif()))
    for position, value in edits:
        content[position % len(content)] = value

    try:
        reference = clean_image(bytes(content))
    except BadReferenceError:
        return
    assert reopened(reference.content).size == (reference.width, reference.height)
