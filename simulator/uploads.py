"""Files that come with a request. They are decoded before they are believed."""

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

from simulator.protocol import MAX_REFERENCES, MODEL_SIZES, PRO_MODEL, ApiError
from simulator.request_body import read_upload
from simulator.scene_spec import SceneSpec, Segment
from simulator.scenes.palettes import choose_palette

_IMAGE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    MemoryError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_IMAGE_FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True)
class Upload:
    """A valid file; its name is the hash of its content."""

    name: str
    content: bytes


async def parse_frame(value: object, size: str, name: str = "input_reference") -> Upload | None:
    """Return the image of a create request's field `name`, None when there is none.

    Raises ApiError when it cannot be read, or when its size is not `size` ("720x1280").
    """
    return None if value is None else _open_image(await _read_image(value, name), name, size)


async def parse_references(value: object) -> tuple[Upload, ...]:
    """Return the further images of a create request, which may have any size. Raises ApiError."""
    name = "input_references"
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ApiError(f"Invalid type for '{name}': expected a list.", param=name, code="invalid_type")
    if len(value) > MAX_REFERENCES:
        raise _image_error(f"At most {MAX_REFERENCES} references.", name)
    return tuple([_open_image(await _read_image(each, name), name) for each in value])


async def _read_image(value: object, name: str) -> bytes:
    return _decode_image_object(value, name) if isinstance(value, Mapping) else await read_upload(value, name)


def _open_image(content: bytes, name: str, size: str | None = None) -> Upload:
    try:
        # The header is enough to check the size, so an image of another size is never decompressed.
        with Image.open(io.BytesIO(content), formats=_IMAGE_FORMATS) as image:
            if size is not None and f"{image.width}x{image.height}" != size:
                raise _image_error("Inpaint image must match the requested width and height", name)
            image.convert("RGB")
    except _IMAGE_ERRORS as error:
        message = "Invalid image: expected a readable JPEG, PNG or WebP file."
        raise _image_error(message, name) from error
    return _to_upload(content)


def parse_clip(content: bytes) -> tuple[Upload, SceneSpec]:
    """Return an uploaded clip and the spec that plays it. Raises ApiError when it cannot be played."""
    try:
        with av.open(io.BytesIO(content), "r") as container:
            # Only a decoded frame proves that the file has a video stream that plays.
            frame = next(container.decode(video=0))
            seconds = (container.duration or 0) / av.time_base
    except (av.FFmpegError, StopIteration, IndexError, ValueError, MemoryError) as error:
        message = "Invalid video: expected a readable video file."
        raise ApiError(message, param="video", code="invalid_value") from error
    if not 0 < seconds <= 120:
        raise ApiError("Invalid video: expected 1 to 120 seconds.", param="video", code="invalid_value")
    upload = _to_upload(content)
    width, height = _output_size(frame.width, frame.height)
    segment = Segment("", choose_palette(upload.name), max(1, round(seconds)))
    return upload, SceneSpec(width, height, False, upload.name, (segment,), clip=upload.name)


def _output_size(width: int, height: int) -> tuple[int, int]:
    """Return the clip's own size if the catalogue has it, else the usual one of the same orientation."""
    if f"{width}x{height}" in MODEL_SIZES[PRO_MODEL]:
        return width, height
    return (1280, 720) if width >= height else (720, 1280)


def _decode_image_object(value: Mapping[str, object], name: str) -> bytes:
    url = value.get("image_url")
    if isinstance(url, Mapping):
        url = url.get("url")
    if isinstance(url, str) and url.startswith("data:"):
        try:
            return base64.b64decode(url.partition(",")[2], validate=True)
        except (binascii.Error, ValueError) as error:
            raise _image_error("Invalid data URL.", name) from error
    if "file_id" in value:
        raise _image_error("No such file: the simulator keeps no files.", name)
    message = "The simulator takes a picture as a file or as a data: URL, it fetches nothing."
    raise _image_error(message, name)


def _image_error(message: str, name: str) -> ApiError:
    return ApiError(message, param=name, code="invalid_value")


def _to_upload(content: bytes) -> Upload:
    return Upload(hashlib.sha256(content).hexdigest(), content)
