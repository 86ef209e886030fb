"""The tasks about images: from file to file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from videos.media.decoder import images
from videos.media.facts import Reference


def clean_image(source: str, target: str, thumbnail: str) -> dict[str, Any]:
    """See `images.clean_image`."""
    reference = images.clean_image(Path(source).read_bytes())
    return write_reference(reference, target, thumbnail)


def fit_image(source: str, target: str, size: str, how: Literal["crop", "pad"]) -> dict[str, Any]:
    """See `images.fit_image`."""
    return write_reference(images.fit_image(Path(source).read_bytes(), size, how), target)


def write_reference(reference: Reference, target: str, thumbnail: str = "") -> dict[str, Any]:
    """Write the image to `target`, its thumbnail to `thumbnail` if that is asked for, and return the rest."""
    Path(target).write_bytes(reference.content)
    if thumbnail:
        Path(thumbnail).write_bytes(reference.thumbnail)
    return {
        "content_type": reference.content_type,
        "extension": reference.extension,
        "width": reference.width,
        "height": reference.height,
    }
