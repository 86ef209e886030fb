from __future__ import annotations

from io import BytesIO
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from tests.media.conftest import colourful_image, encode_image
from videos.media.decoder.images import clean_image, fit_image
from videos.media.errors import BadReferenceError

LIMIT = 10 * 1024 * 1024
SIZES = ["1280x720", "720x1280", "1024x1792", "1792x1024", "64x64"]


def pixels(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    with Image.open(BytesIO(content)) as image:
        return np.asarray(image).astype(np.int64)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("how", ["crop", "pad"])
@pytest.mark.parametrize("source", [(320, 180), (180, 320), (333, 100), (1500, 1500)])
def test_it_gives_exactly_the_size_asked(
    size: str, how: Literal["crop", "pad"], source: tuple[int, int]
) -> None:
    upload = clean_image(encode_image(colourful_image(*source), "PNG"))

    fitted = fit_image(upload.content, size, how=how)

    assert f"{fitted.width}x{fitted.height}" == size
    with Image.open(BytesIO(fitted.content)) as image:
        assert (image.format, f"{image.width}x{image.height}") == ("JPEG", size)
    assert fitted.content_type == "image/jpeg"


def red_with_blue_ends() -> bytes:
    """A wide picture: a red middle square between two blue ends."""
    image = Image.new("RGB", (300, 100), "blue")
    image.paste("red", (100, 0, 200, 100))
    return encode_image(image, "PNG")


def test_crop_keeps_the_middle() -> None:
    found = pixels(fit_image(red_with_blue_ends(), "100x100").content)

    assert found[:, 5:95, 0].min() > 200
    assert found[:, 5:95, 2].max() < 60


def test_pad_keeps_everything_in_the_middle() -> None:
    found = pixels(fit_image(red_with_blue_ends(), "300x300", how="pad").content)

    band = found[110:190]
    assert band[:, 10:90, 2].min() > 200
    assert band[:, 110:190, 0].min() > 200
    assert band[:, 210:290, 2].min() > 200
    # Above and below lies the picture again, out of focus and at half its brightness.
    assert 90 < found[:90, 120:180, 0].mean() < 140


def test_pad_of_the_right_shape_hides_the_ground() -> None:
    found = pixels(
        fit_image(encode_image(Image.new("RGB", (160, 90), "red"), "PNG"), "1280x720", how="pad").content
    )

    assert found[..., 0].min() > 240


@pytest.mark.parametrize(
    "size", ["", "1280", "1280x", "0x720", "1280X720", "1280x720x3", "-1x5", "99999x99999"]
)
def test_it_refuses_a_malformed_size(size: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        fit_image(encode_image(colourful_image(), "PNG"), size)


def test_it_refuses_damaged_content() -> None:
    with pytest.raises(BadReferenceError) as refusal:
        fit_image(encode_image(colourful_image(), "JPEG")[:500], "1280x720")

    assert refusal.value.code == "damaged"
