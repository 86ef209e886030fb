"""Clips that people bring along: each becomes a completed video of its owner's, to be edited or extended."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.models import User
from videos import lifecycle
from videos.capabilities import MAX_SECONDS, Offer, available_offers
from videos.engine import store
from videos.media.inspect import NotAVideoError, VideoFacts, inspect_video
from videos.models import Kind, State, Video

IMPORTED_PROMPT = "A clip of your own"  # what it is called in the library, where others show their prompt


@contextmanager
def import_clip(owner: User, content: bytes, kind: Kind) -> Iterator[Callable[[], Video]]:
    """Make a video of an uploaded MP4 of at most `MAX_FILE_SIZE` bytes, for something of that `kind` to be
    made of it. Yields what writes the row and returns it: to be called in the caller's transaction.

    The file is inspected and stored as those that backends send are, before the row is written. Nothing
    stays unless the row is written and the block ends well. A clip that is among the owner's finished videos
    already, because it came from here, is that video. Raises `ValidationError` (`video`).
    """
    if len(content) > settings.MAX_FILE_SIZE:
        raise _wrong(f"The clip is larger than {settings.MAX_FILE_SIZE / 1048576:.3g} MB.")
    known = _known(owner, content)
    if known is not None:
        yield lambda: known
        return
    with TemporaryDirectory(prefix="contentgen-clip-") as folder:
        path = Path(folder) / "video.mp4"
        path.write_bytes(content)
        facts = _inspected(path)
        video = _video(owner, facts, kind)
        with suppress(_NotWrittenError), store.stored_files(video, path, facts) as stored:
            yield lambda: lifecycle.create_imported(video, stored)
            if video.pk is None:
                raise _NotWrittenError


class _NotWrittenError(Exception):
    """Nobody wanted the row after all: the files go."""


def _known(owner: User, content: bytes) -> Video | None:
    finished = Video.objects.visible_to(owner).filter(state=State.COMPLETED, byte_count=len(content))
    return finished.filter(sha256=hashlib.sha256(content).hexdigest()).order_by("pk").first()


def _inspected(path: Path) -> VideoFacts:
    try:
        facts = inspect_video(path)
    except NotAVideoError as error:
        raise _wrong(str(error)) from error
    if facts.duration_seconds > MAX_SECONDS:
        raise _wrong(f"The clip is longer than {MAX_SECONDS} seconds.")
    return facts


def _video(owner: User, facts: VideoFacts, kind: Kind) -> Video:
    size = f"{facts.width}x{facts.height}"
    offer = _offer(kind, size)
    return Video(
        owner=owner,
        backend=offer.backend,
        prompt=IMPORTED_PROMPT,
        model=offer.model.name,
        size=size,
        seconds=max(1, round(facts.duration_seconds)),
    )


def _offer(kind: Kind, size: str) -> Offer:
    """The model that goes on with a clip of that size: the default one where it can."""
    offers = available_offers()
    default = offers.get(settings.DEFAULT_MODEL)
    ordered = [*([default] if default else []), *offers.values()]
    found = next((offer for offer in ordered if _can(offer, kind, size)), None)
    if found is None:
        raise _wrong(f"No model that is offered now can {kind} a clip of {size} that was made elsewhere.")
    return found


def _can(offer: Offer, kind: Kind, size: str) -> bool:
    if kind == Kind.EDIT:
        return offer.backend.can_edit is True
    joins = offer.takes_reference and size in offer.model.sizes
    return offer.backend.can_extend is True or joins


def _wrong(sentence: str) -> ValidationError:
    return ValidationError({"video": sentence})
