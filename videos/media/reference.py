"""Reference images: cleans up what a person uploads, and fits it to the size of a video."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Literal

from videos.media import sandbox
from videos.media.errors import BadReferenceError, DecoderBusyError, DecoderLimitError, NotAVideoError
from videos.media.facts import THUMBNAIL_SIDE, THUMBNAIL_TYPE, Reference, parse_size
from videos.media.sandbox import Budget

__all__ = [
    "THUMBNAIL_SIDE",
    "THUMBNAIL_TYPE",
    "BadReferenceError",
    "Reference",
    "fit_reference",
    "open_reference",
]

SUBMISSION_PATIENCE = 10.0  # seconds that a submission, whose lease runs, waits for a decoder

_BUSY = "The studio is busy with other uploads. Try again in a moment."


def open_reference(data: bytes | BinaryIO, *, max_bytes: int) -> Reference:
    """Return the image in `data` as an upright RGB JPEG without metadata, its longer side at most 4096 px.

    The bytes decide what it is, never a name or a declared type. At most `max_bytes` + 1 bytes are read from
    a file, and all limits are checked before any pixel is decoded, in a process of its own. Of an animation
    the first frame is taken; transparency is laid on grey. Raises BadReferenceError; `busy` stands for a
    studio that has no decoder free.
    """
    content = data[: max_bytes + 1] if isinstance(data, bytes) else data.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise BadReferenceError("too_large", f"The image is larger than {_megabytes(max_bytes)}.")
    try:
        return _in_decoder("clean_image", content, sandbox.upload_budget(), thumbnail="thumbnail.webp")
    except (DecoderBusyError, OSError) as error:
        raise BadReferenceError("busy", _BUSY) from error


def fit_reference(
    content: bytes,
    size: str,
    *,
    how: Literal["crop", "pad"] = "crop",
    patience: float = SUBMISSION_PATIENCE,
) -> Reference:
    """Return the image in `content`, which is one of ours, with exactly the pixels of `size` ("1280x720").

    Servers answer 400 to any other size. "crop" fills it and crops evenly what does not fit; "pad" shows all
    of the image on a blurred, darkened copy of itself. `patience` is how many seconds to wait for a
    decoder. Raises ValueError for a malformed `size`,
    BadReferenceError as `open_reference` does, OSError and DecoderBusyError.
    """
    parse_size(size)
    budget = sandbox.worker_budget(patience=patience)
    return _in_decoder("fit_image", content, budget, size=size, how=how)


def _in_decoder(
    task: str, content: bytes, budget: Budget, *, thumbnail: str = "", **options: object
) -> Reference:
    with _as_reference_errors(), sandbox.workplace() as folder:
        source, target = folder / "source", folder / "image.jpg"
        source.write_bytes(content)
        arguments: dict[str, object] = {"source": str(source), "target": str(target), **options}
        if thumbnail:
            arguments["thumbnail"] = str(folder / thumbnail)
        facts = sandbox.run(task, arguments, budget)
        drawn = (folder / thumbnail).read_bytes() if thumbnail else b""
        return Reference(content=target.read_bytes(), thumbnail=drawn, **facts)


@contextmanager
def _as_reference_errors() -> Iterator[None]:
    """Raise what the decoder says of the file as BadReferenceError."""
    try:
        yield
    except DecoderLimitError as error:
        raise BadReferenceError("too_complex", str(error)) from error
    except NotAVideoError as error:
        raise BadReferenceError("damaged", "The image is damaged or incomplete.") from error


def _megabytes(count: int) -> str:
    return f"{count / 1048576:.3g} MB" if count >= 1048576 else f"{count / 1024:.3g} KB"
