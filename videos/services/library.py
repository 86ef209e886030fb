"""Keeping one's videos in order: favourites, tags, notes and the trash."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from videos import lifecycle
from videos.models import Tag, Video
from videos.models.tag import TAG_LIMIT
from videos.services.videos import delete_video
from videos.validation import is_unicode

MAX_NOTE_LENGTH = 2000  # characters


def set_favourite(videos: Iterable[Video], *, on: bool) -> int:
    """Mark the videos as favourites, or no longer. Returns how many changed."""
    return Video.objects.filter(pk__in=_keys(videos)).exclude(favourite=on).update(favourite=on)


def set_note(video: Video, text: str) -> None:
    """Keep a note beside the video; an empty one removes it. Raises `ValidationError` by field (`note`)."""
    text = text.replace("\r\n", "\n")  # as forms send it, which would count a line's end twice
    if len(text) > MAX_NOTE_LENGTH:
        raise ValidationError({"note": f"A note has at most {MAX_NOTE_LENGTH:,} characters."})
    if "\x00" in text or not is_unicode(text):
        raise ValidationError({"note": "The note holds a character that cannot be stored."})
    Video.objects.filter(pk=video.pk).update(note=text.strip())


def add_tag(owner: User, videos: Iterable[Video], name: str) -> Tag:
    """Put the owner's tag on the videos, made when there is none. Raises `ValidationError` (`tag`)."""
    clean = " ".join(name.split())
    if not clean or len(clean) > TAG_LIMIT or "\x00" in clean or not is_unicode(clean) or "," in clean:
        raise ValidationError({"tag": f"A tag has 1 to {TAG_LIMIT} characters and no comma."})
    with transaction.atomic():
        chosen, _ = Tag.objects.get_or_create(owner=owner, name__iexact=clean, defaults={"name": clean})
        chosen.videos.add(*_keys(videos))
    return chosen


def find_tag(owner: User, name: str) -> Tag | None:
    """Return the owner's tag of that name, in whatever case."""
    clean = " ".join(name.replace("\x00", "").split())
    return Tag.objects.filter(Q(name=clean) | Q(name__iexact=clean), owner=owner).first()


def remove_tag(videos: Iterable[Video], chosen: Tag) -> None:
    """Take the tag off the videos. A tag that no video has any more goes."""
    chosen.videos.remove(*_keys(videos))
    if not chosen.videos.exists():
        chosen.delete()


def move_to_trash(videos: Iterable[Video]) -> int:
    """Put the videos into the trash; cancel what is in flight.

    From there they can be restored for TRASH_RETENTION_DAYS, until the sweep deletes them for good. Returns
    how many were not there already.
    """
    keys = _keys(videos)
    moved = Video.objects.filter(pk__in=keys, trashed_at=None).update(trashed_at=timezone.now())
    for pk in Video.objects.in_flight().filter(pk__in=keys).values_list("pk", flat=True):
        lifecycle.cancel(pk)
    return moved


def restore_from_trash(videos: Iterable[Video]) -> int:
    """Take the videos out of the trash. Returns how many were there. What was canceled stays canceled."""
    return (
        Video.objects.filter(pk__in=_keys(videos), deleted_at=None)
        .exclude(trashed_at=None)
        .update(trashed_at=None)
    )


def empty_trash(owner: User) -> int:
    """Delete for good all that the owner has in the trash. Returns how many."""
    return sum(delete_video(video) for video in Video.objects.visible_to(owner).exclude(trashed_at=None))


def _keys(videos: Iterable[Video]) -> list[int]:
    return [video.pk for video in videos]
