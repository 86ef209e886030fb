"""An image as the chat server that helps with prompts is sent it: small, and nothing but its pixels."""

import base64

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from videos.media.errors import BadReferenceError, DecoderBusyError
from videos.media.reference import fit_reference
from videos.models import ReferenceImage
from videos.services.images import AnyImage

MAX_SIDE = 1024  # pixels
_MIN_SIDE = 16
_PATIENCE = 5.0  # seconds for which a person waits for a decoder


def image_url(image: AnyImage) -> str:
    """Return the image as a `data:` URL of a JPEG, its longer side at most 1024 pixels.

    Raises `ValidationError` (`reference`) where it cannot be read.
    """
    try:
        content, width, height = _read(image)
        if max(width, height) > MAX_SIDE:
            content = fit_reference(content, _smaller(width, height), patience=_PATIENCE).content
    except DecoderBusyError as error:
        sentence = gettext("The studio is busy with other uploads. Try again in a moment.")
        raise ValidationError({"reference": sentence}) from error
    except (BadReferenceError, OSError) as error:
        sentence = gettext("The image cannot be read at the moment.")
        raise ValidationError({"reference": sentence}) from error
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


def _read(image: AnyImage) -> tuple[bytes, int, int]:
    if not isinstance(image, ReferenceImage):
        return image.content.content, image.content.width, image.content.height
    with image.file.open("rb") as file:
        return file.read(), image.width, image.height


def _smaller(width: int, height: int) -> str:
    scale = MAX_SIDE / max(width, height)
    sides = (max(_MIN_SIDE, round(side * scale)) for side in (width, height))
    return "x".join(map(str, sides))
