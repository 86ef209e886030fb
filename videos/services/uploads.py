"""Import uploaded clips: each becomes a completed video of its owner's, to be edited or extended."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from accounts import languages, roles
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from contentgen.stored_texts import translated
from videos import lifecycle, subjects
from videos.capabilities import MAX_SECONDS, Offer, available_offers
from videos.containers import MP4, QUICKTIME
from videos.engine import store
from videos.media.errors import DecoderBusyError
from videos.media.inspect import NotAVideoError, VideoFacts, inspect_video
from videos.media.sandbox import Budget, upload_budget
from videos.models import Kind, State, Video
from videos.models.values import StoredFiles
from videos.services.quota import require_room_for
from videos.services.storage_errors import BUSY, StudioBusyError, storage_errors

IMPORTED_PROMPT = gettext_noop("A clip of your own")  # shown in the library in place of a prompt


@contextmanager
def import_clip(owner: User, content: bytes, kind: Kind) -> Iterator[Callable[[], Video]]:
    """Import an uploaded MP4 of at most `MAX_FILE_SIZE` bytes as a video, to make one of that `kind` from it.

    Yields a function that writes the video's row and returns it, to be called in the caller's transaction.
    The file is inspected and stored, as files from backends are, before the row is written; it is removed
    unless the row is written and the block ends without an error. For a clip that is the file of one of the
    owner's completed videos, the function returns that video. Raises `ValidationError` by field (`video`),
    which is a `StorageUnavailableError` where storage cannot take it, and a `StudioBusyError` where too many
    uploads are being read.
    """
    roles.require_creator(owner)
    if len(content) > settings.MAX_FILE_SIZE:
        sentence = gettext("The clip is larger than %(size)s.")
        raise _invalid_clip(sentence % {"size": f"{settings.MAX_FILE_SIZE / 1048576:.3g} MB"})
    existing = _find_existing(owner, content)
    if existing is not None:
        yield lambda: existing
        return
    with transaction.atomic():
        require_room_for(owner, len(content), "video")
    with TemporaryDirectory(prefix="contentgen-clip-") as folder:
        path = Path(folder) / "video.mp4"
        with storage_errors("video"):
            path.write_bytes(content)
        budget = upload_budget()
        facts = _inspect(path, budget)
        video = _build_video(owner, facts, kind)
        with suppress(_RowNotWrittenError), ExitStack() as stack:
            with storage_errors("video"), _busy_errors():
                stored = stack.enter_context(store.stored_files(video, path, facts, budget))
            yield partial(_write_row, video, stored)
            if video.pk is None:
                raise _RowNotWrittenError


def _write_row(video: Video, stored: StoredFiles) -> Video:
    size = stored.byte_count + (stored.browser_byte_count or 0) + stored.picture_bytes
    require_room_for(video.owner, size, "video")
    created = lifecycle.create_imported(video, stored)
    record(Action.CREATED, subjects.video(created), note=gettext_noop("Uploaded."))
    return created


class _RowNotWrittenError(Exception):
    """The caller did not write the row, so the stored files must be removed."""


def _find_existing(owner: User, content: bytes) -> Video | None:
    finished = Video.objects.owned_by(owner).filter(state=State.COMPLETED, byte_count=len(content))
    return finished.filter(sha256=hashlib.sha256(content).hexdigest()).order_by("pk").first()


@contextmanager
def _busy_errors() -> Iterator[None]:
    try:
        yield
    except DecoderBusyError as error:
        raise StudioBusyError({"video": gettext(BUSY)}) from error


def _inspect(path: Path, budget: Budget) -> VideoFacts:
    try:
        with storage_errors("video"), _busy_errors():
            facts = inspect_video(path, budget)
    except NotAVideoError as error:
        raise _invalid_clip(translated(str(error))) from error
    if facts.container not in (MP4, QUICKTIME):
        raise _invalid_clip(gettext("The file is not an MP4 video."))
    if facts.duration_seconds > MAX_SECONDS:
        raise _invalid_clip(gettext("The clip is longer than %(count)d seconds.") % {"count": MAX_SECONDS})
    return facts


def _build_video(owner: User, facts: VideoFacts, kind: Kind) -> Video:
    size = f"{facts.width}x{facts.height}"
    offer = _choose_offer(kind, size)
    with languages.override_for(owner):  # it is the clip's title from here on
        prompt = gettext(IMPORTED_PROMPT)
    return Video(
        owner=owner,
        backend=offer.backend,
        prompt=prompt,
        model=offer.model.name,
        size=size,
        seconds=max(1, round(facts.duration_seconds)),
    )


def _choose_offer(kind: Kind, size: str) -> Offer:
    """Return the first offer that can continue a clip of that size, the default model's if possible."""
    offers = available_offers()
    default = offers.get(settings.DEFAULT_MODEL)
    ordered = [*([default] if default else []), *offers.values()]
    found = next((offer for offer in ordered if _can_continue(offer, kind, size)), None)
    if found is None:
        if kind == Kind.EDIT:
            sentence = gettext(
                "No model that is offered now can edit a clip of %(size)s that was made elsewhere."
            )
        else:
            sentence = gettext(
                "No model that is offered now can extend a clip of %(size)s that was made elsewhere."
            )
        raise _invalid_clip(sentence % {"size": size})
    return found


def _can_continue(offer: Offer, kind: Kind, size: str) -> bool:
    if kind == Kind.EDIT:
        return offer.backend.can_edit is True
    can_join = offer.takes_reference and size in offer.model.sizes
    return offer.backend.can_extend is True or can_join


def _invalid_clip(sentence: str) -> ValidationError:
    return ValidationError({"video": sentence})
