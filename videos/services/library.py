"""Organise the library: favourites, ratings, tags, notes and the trash."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import normalize_newlines
from django.utils.translation import gettext

from accounts.formats import format_number
from accounts.models import User
from audit.trail import record_all
from audit.vocabulary import Action
from videos import lifecycle, subjects
from videos.models import Tag, Video
from videos.models.tag import TAG_LIMIT
from videos.models.video import MAX_RATING
from videos.services.purge import delete_trash, find_trash
from videos.validation import clean_line, clean_text, has_visible_text, is_storable

MAX_NOTE_LENGTH = 2000  # characters


def set_favourite(videos: Iterable[Video], *, on: bool) -> int:
    """Mark the videos as favourites, or unmark them. Returns how many changed."""
    return Video.objects.filter(pk__in=_primary_keys(videos)).exclude(favourite=on).update(favourite=on)


def set_rating(videos: Iterable[Video], rating: int) -> int:
    """Rate the videos from 1 to `MAX_RATING`; 0 takes the rating away. Returns how many changed.

    Raises `ValidationError` by field (`rating`).
    """
    if not 0 <= rating <= MAX_RATING:
        sentence = gettext("A rating is a number from 1 to %(limit)d, or 0 for none.")
        raise ValidationError({"rating": sentence % {"limit": MAX_RATING}})
    wanted = rating or None
    others = Q(rating__isnull=False) if wanted is None else ~Q(rating=wanted) | Q(rating=None)
    return Video.objects.filter(others, pk__in=_primary_keys(videos)).update(rating=wanted)


def set_note(video: Video, text: str) -> None:
    """Keep a note beside the video; an empty one removes it. Raises `ValidationError` by field (`note`)."""
    text = normalize_newlines(text)  # a form sends two characters for a line break
    if len(text) > MAX_NOTE_LENGTH:
        sentence = gettext("A note can have at most %(limit)s characters.")
        raise ValidationError({"note": sentence % {"limit": format_number(MAX_NOTE_LENGTH)}})
    if not is_storable(text):
        raise ValidationError({"note": gettext("The note contains a character that cannot be stored.")})
    Video.objects.filter(pk=video.pk).update(note=clean_text(text) if has_visible_text(text) else "")


def add_tag(owner: User, videos: Iterable[Video], name: str) -> Tag:
    """Add the owner's tag to the videos, creating it if needed. Raises `ValidationError` (`tag`)."""
    clean = clean_line(name)
    if not has_visible_text(clean) or len(clean) > TAG_LIMIT or "," in clean or not is_storable(name):
        sentence = gettext("A tag must have 1 to %(limit)d characters and no commas.")
        raise ValidationError({"tag": sentence % {"limit": TAG_LIMIT}})
    with transaction.atomic():
        tag, _ = Tag.objects.get_or_create(owner=owner, name__iexact=clean, defaults={"name": clean})
        tag.videos.add(*_primary_keys(videos))
    return tag


def find_tag(owner: User, name: str) -> Tag | None:
    """Return the owner's tag of that name, whatever its case, or None."""
    clean = clean_line(name)
    return Tag.objects.filter(Q(name=clean) | Q(name__iexact=clean), owner=owner).first()


def remove_tag(videos: Iterable[Video], tag: Tag) -> None:
    """Remove the tag from the videos, and delete it if no video has it any more."""
    tag.videos.remove(*_primary_keys(videos))
    if not tag.videos.exists():
        tag.delete()


@transaction.atomic
def move_to_trash(videos: Iterable[Video]) -> int:
    """Move the videos to the trash, and cancel those in flight.

    They can be restored for TRASH_RETENTION_DAYS, until the sweep deletes them permanently. Returns how many
    were moved.
    """
    keys = _primary_keys(videos)
    shown = Video.objects.filter(pk__in=keys, trashed_at=None)
    kept = list(shown)
    moved = shown.update(trashed_at=timezone.now(), purge_due_at=None)
    record_all(Action.TRASHED, map(subjects.video, kept))
    for pk in Video.objects.in_flight().filter(pk__in=keys).values_list("pk", flat=True):
        lifecycle.cancel(pk)
    return moved


@transaction.atomic
def restore_from_trash(videos: Iterable[Video]) -> int:
    """Restore the videos from the trash. Returns how many were there. What was canceled stays canceled.

    Their age counts anew, or a rule that moved them there would do so again.
    """
    trashed = Video.objects.filter(pk__in=_primary_keys(videos), deleted_at=None).exclude(trashed_at=None)
    found = list(trashed)
    record_all(Action.RESTORED, map(subjects.video, found))
    return trashed.update(
        trashed_at=None, retained_from=timezone.now(), retention_due_at=None, purge_due_at=None
    )


def empty_trash(owner: User) -> int:
    """Permanently delete all that the owner has in the trash, each video in a transaction of its own. Returns
    how many were deleted.
    """
    return sum(delete_trash(find_trash(owner=owner)))


def _primary_keys(videos: Iterable[Video]) -> list[int]:
    return [video.pk for video in videos]
