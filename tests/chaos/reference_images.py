"""Reference images of which no two are alike, so that a ledger tells whose image a job was made from."""

import hashlib
import random
from dataclasses import dataclass
from io import BytesIO

import PIL.Image
from django.conf import settings

from accounts.models import User
from videos.media.reference import fit_reference, open_reference
from videos.models import ReferenceImage
from videos.services.references import keep_reference

TILES = (16, 9)  # of random colours; few, so that the images stay small


@dataclass(frozen=True)
class Image:
    """A kept reference image, and the SHA-256 of what a backend is sent of it."""

    row: ReferenceImage
    digest: str


def new_image(owner: User, size: str, rng: random.Random) -> Image:
    """Keep a new image among the owner's. `size` is that of the videos that it is for."""
    tiles = PIL.Image.frombytes("RGB", TILES, rng.randbytes(TILES[0] * TILES[1] * 3))
    buffer = BytesIO()
    tiles.resize((TILES[0] * 4, TILES[1] * 4), PIL.Image.Resampling.BOX).save(buffer, "PNG")
    reference = open_reference(buffer.getvalue(), max_bytes=settings.MAX_FILE_SIZE)
    sent = fit_reference(reference.content, size).content
    return Image(keep_reference(owner, reference), hashlib.sha256(sent).hexdigest())
