"""Files that come with a request: really decoded before they are believed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import av
from PIL import Image

from simulator import wire
from simulator.art.palettes import palette_name
from simulator.protocol import MODELS, PRO, Refusal
from simulator.recipe import Act, Recipe

_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    MemoryError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True)
class Upload:
    """A checked file and the name it is kept under, which is the hash of its content."""

    name: str
    content: bytes


async def reference(value: object, size: str) -> Upload | None:
    """The checked reference picture of a create, None when there is none; a Refusal when it does not fit."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        content = _linked(value)
    else:
        content = await wire.upload(value, "input_reference")
    try:
        # The header is enough to judge the size, so a picture of another size is never unpacked.
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if f"{picture.width}x{picture.height}" != size:
                raise _refused("Inpaint image must match the requested width and height")
            picture.convert("RGB")
    except _BROKEN as error:
        raise _refused("Invalid image: expected a readable JPEG, PNG or WebP file.") from error
    return _named(content)


def clip(content: bytes) -> tuple[Upload, Recipe]:
    """A checked video and the recipe that plays it; a Refusal when it cannot be played."""
    try:
        with av.open(io.BytesIO(content), "r") as container:
            # Only a picture that comes out proves that there is one.
            frame = next(container.decode(video=0))
            length = (container.duration or 0) / av.time_base
    except (av.FFmpegError, StopIteration, IndexError, ValueError, MemoryError) as error:
        sentence = "Invalid video: expected a readable video file."
        raise Refusal(sentence, param="video", code="invalid_value") from error
    if not 0 < length <= 120:
        raise Refusal("Invalid video: expected 1 to 120 seconds.", param="video", code="invalid_value")
    kept = _named(content)
    width, height = _size(frame.width, frame.height)
    act = Act("", palette_name(kept.name), max(1, round(length)))
    return kept, Recipe(width, height, False, kept.name, (act,), clip=kept.name)


def _size(width: int, height: int) -> tuple[int, int]:
    """The clip's own size when the catalogue has it, else the common one of the same orientation."""
    if f"{width}x{height}" in MODELS[PRO]:
        return width, height
    return (1280, 720) if width >= height else (720, 1280)


def _linked(value: Mapping[str, object]) -> bytes:
    address = value.get("image_url")
    if isinstance(address, Mapping):
        address = address.get("url")
    if isinstance(address, str) and address.startswith("data:"):
        try:
            return base64.b64decode(address.partition(",")[2], validate=True)
        except (binascii.Error, ValueError) as error:
            raise _refused("Invalid data URL.") from error
    if "file_id" in value:
        raise _refused("No such file: the simulator keeps no files.")
    raise _refused("The simulator takes a picture as a file or as a data: URL, it fetches nothing.")


def _refused(sentence: str) -> Refusal:
    return Refusal(sentence, param="input_reference", code="invalid_value")


def _named(content: bytes) -> Upload:
    return Upload(hashlib.sha256(content).hexdigest(), content)
