"""A frame of a video as the image that the next one begins with."""

import math
from typing import Literal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts import roles
from accounts.models import User
from videos.engine.workspace import copy_from_storage, scratch_folder
from videos.media.errors import DecoderBusyError, NotAVideoError
from videos.media.sandbox import upload_budget
from videos.media.single_frame import frame_at
from videos.models import ReferenceImage, Video
from videos.services.references import keep_reference

MAX_BYTES = 512 << 20  # of a file that is copied while a person waits

Moment = float | Literal["first", "last"]

_NAME_LENGTH = 60  # characters of the prompt in an image's name


def parse_moment(text: str) -> Moment:
    """Return what `text` names: the first frame, the last one, or one so many seconds after the first.

    Raises `ValidationError` with a sentence.
    """
    if text in ("first", "last"):
        return "first" if text == "first" else "last"
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < 1e6:  # also of what is no number
        raise ValidationError(gettext("Choose the first frame, the last one, or a moment of the video."))
    return seconds


def keep_frame(person: User, video: Video, moment: Moment = "last") -> ReferenceImage:
    """Keep a frame of a video that the person may see among their own reference images.

    The same frame again is the same image. Raises `ValidationError` with a sentence where the video has no
    file yet, or its file cannot be used, and where images cannot be kept.
    """
    roles.require_creator(person)
    if not video.file:
        raise ValidationError(gettext("This video has no file yet."))
    if (video.byte_count or 0) > MAX_BYTES:
        raise ValidationError(
            gettext("This video is too large to take a frame from. Download it, and upload the frame.")
        )
    seconds = None if moment == "last" else 0.0 if moment == "first" else moment
    try:
        with scratch_folder() as folder:
            copy = folder / "video"
            copy_from_storage(video.file, copy)
            reference = frame_at(copy, seconds, upload_budget())
    except NotAVideoError as error:
        raise ValidationError(gettext("No frame of this video could be read.")) from error
    except DecoderBusyError as error:
        sentence = gettext("The studio is busy with other uploads. Try again in a moment.")
        raise ValidationError(sentence) from error
    except OSError as error:
        sentence = gettext("The file of this video cannot be read right now. Try again later.")
        raise ValidationError(sentence) from error
    return keep_reference(person, reference, file_name=f"{_name_of(video, moment)}.jpg")


def _name_of(video: Video, moment: Moment) -> str:
    """Return the name of an image, which is its owner's to change, in the language of who keeps the frame."""
    words = " ".join(video.prompt[: 2 * _NAME_LENGTH].replace("/", " ").split())[:_NAME_LENGTH].strip()
    if isinstance(moment, float):
        return gettext("%(prompt)s, at %(seconds)s s") % {"prompt": words, "seconds": f"{moment:.1f}"}
    names = {"first": gettext("%(prompt)s, first frame"), "last": gettext("%(prompt)s, last frame")}
    return names[moment] % {"prompt": words}
