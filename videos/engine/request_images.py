"""The images that a request for a video sends along, read and fitted in the worker that submits it."""

import uuid
from dataclasses import dataclass
from typing import Literal

from videos.backends.requests import ReferenceFile
from videos.engine import concat
from videos.engine.workspace import workspace
from videos.media.errors import NotAVideoError
from videos.media.reference import SUBMISSION_PATIENCE, BadReferenceError, Reference, fit_reference
from videos.models import Fit, ReferenceImage, Video


@dataclass(frozen=True)
class ImageFiles:
    """The images of one request: the first frame, the last one, and those beside them."""

    reference: ReferenceFile | None = None
    last_frame: ReferenceFile | None = None
    references: tuple[ReferenceFile, ...] = ()


def read_images(video: Video) -> ImageFiles:
    """Return the video's images: its frames at exactly its size, because servers refuse any other, and the
    others as they are kept.

    For an extension that is concatenated here the first frame is the last one of the source. Raises
    `BadReferenceError`, OSError and `DecoderBusyError`.
    """
    if video.concat_with_source:
        return ImageFiles(_as_file("reference", _last_frame_of_source(video)))
    return ImageFiles(
        _fitted(video, "reference", video.reference),
        _fitted(video, "last-frame", video.last_frame),
        tuple(_as_kept(number, image) for number, image in enumerate(video.references, start=1)),
    )


def _last_frame_of_source(video: Video) -> Reference:
    try:
        with workspace(video.lease_token or uuid.uuid4()) as folder:
            return concat.last_frame_of_source(video, folder)
    except NotAVideoError as error:
        raise BadReferenceError("damaged", f"{error} {error.detail}") from error


def _fitted(video: Video, name: str, image: ReferenceImage | None) -> ReferenceFile | None:
    if image is None:
        return None
    how: Literal["crop", "pad"] = "pad" if video.reference_fit == Fit.PAD else "crop"
    # The lease leaves time for one wait, which two frames share.
    patience = SUBMISSION_PATIENCE / (2 if video.last_frame else 1)
    return _as_file(name, fit_reference(_content_of(image), video.size, how=how, patience=patience))


def _as_file(name: str, image: Reference) -> ReferenceFile:
    return ReferenceFile(f"{name}.{image.extension}", image.content, image.content_type)


def _as_kept(number: int, image: ReferenceImage) -> ReferenceFile:
    extension = str(image.file.name).rpartition(".")[2]
    return ReferenceFile(f"reference-{number}.{extension}", _content_of(image), image.content_type)


def _content_of(image: ReferenceImage) -> bytes:
    with image.file.open("rb") as file:
        content: bytes = file.read()
    return content
