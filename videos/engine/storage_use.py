"""How much a person stores, and telling them when it is nearly as much as they may.

The sizes are columns of the rows whose files they are, and the sum is read from an index: there is no counter
that could be wrong. What was stored before the columns were there is measured by `measure_some`.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model, QuerySet, Sum
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models import User
from contentgen.events import Event, EventKind, publish
from videos.models import Character, NoticeKind, ReferenceImage, StorageNotice, Video

logger = logging.getLogger(__name__)

GIGABYTE = 1024**3
ALMOST_FULL = 0.8
REARMED_BELOW = 0.75  # so that a few bytes more or less are not told of again and again
_MEASURED_AT_ONCE = 200
_SHOWN_FOR = 15.0  # seconds


@dataclass(frozen=True)
class StorageUse:
    """What a person stores, and may store: both in bytes; `quota` is None where there is no limit."""

    used: int
    quota: int | None

    @property
    def percent(self) -> int:
        return 0 if not self.quota else int(self.used * 100 / self.quota)

    @property
    def is_almost_full(self) -> bool:
        return self.quota is not None and self.used >= self.quota * ALMOST_FULL

    @property
    def is_full(self) -> bool:
        return self.quota is not None and self.used >= self.quota

    @property
    def left(self) -> int:
        return 0 if self.quota is None else max(0, self.quota - self.used)


def quota_of(user: User) -> int | None:
    """Return how many bytes the person may store; None for as many as there are."""
    own = user.storage_quota_gb
    gigabytes = settings.STORAGE_QUOTA_GB if own is None else own
    return int(gigabytes * GIGABYTE) or None


def used_bytes(user_id: int) -> int:
    """Return how many bytes the person's files take: videos with their copies and pictures, also those in the
    trash, images, and the clips of characters. What is deleted for good does not count.
    """
    videos = Video.objects.filter(owner=user_id, deleted_at=None)
    images = ReferenceImage.objects.filter(owner=user_id)
    clips = Character.objects.filter(owner=user_id)
    return bytes_of_videos(videos) + bytes_of(images) + bytes_of(clips)


def bytes_of_videos(videos: QuerySet[Video]) -> int:
    """Return how many bytes the files of these videos take, with their copies and pictures."""
    columns = ("byte_count", "browser_byte_count", "picture_bytes")
    stored = videos.filter(byte_count__isnull=False).order_by()  # as the index has them
    sums = stored.aggregate(**{name: Coalesce(Sum(name), 0) for name in columns})
    return int(sum(sums.values()))


def bytes_of(rows: QuerySet[Any]) -> int:
    """Return how many bytes the files of these images, or of these characters, take."""
    return int(rows.order_by().aggregate(total=Coalesce(Sum("byte_count"), 0))["total"])


def storage_use(user: User) -> StorageUse:
    """Return what the person stores and may store."""
    return StorageUse(used_bytes(user.pk), quota_of(user))


def recent_use(user: User) -> StorageUse:
    """Return the same for pages, which may say what was true some seconds ago."""
    key = f"storage-use:{user.pk}"
    used = caches["process"].get(key)
    if used is None:
        used = used_bytes(user.pk)
        caches["process"].set(key, used, _SHOWN_FOR)
    return StorageUse(used, quota_of(user))


def tell(user_id: int) -> None:
    """Tell the person if storage is almost full or full: once, until there is room again.

    Of two transactions that reach it at once, one does. After a file was stored, and never instead of that:
    what goes wrong is logged.
    """
    try:
        with transaction.atomic():
            _tell(User.objects.get(pk=user_id))
    except Exception:
        logger.exception("Person %s could not be told how much they store", user_id)


def _tell(user: User) -> None:
    if quota_of(user) is None:
        return
    use = storage_use(user)
    notices = StorageNotice.objects.filter(user=user, kind__in=[NoticeKind.ALMOST_FULL, NoticeKind.FULL])
    if use.quota and use.used < use.quota * REARMED_BELOW:
        notices.delete()
    if not use.is_almost_full:
        return
    kind = NoticeKind.FULL if use.is_full else NoticeKind.ALMOST_FULL
    if NoticeKind.FULL in notices.values_list("kind", flat=True):
        return  # nor is anybody warned of what has happened
    _, is_new = StorageNotice.objects.get_or_create(user=user, kind=kind)
    if is_new:
        event = EventKind.STORAGE_FULL if use.is_full else EventKind.STORAGE_WARNING
        data = {"path": reverse("account_profile"), "used_bytes": use.used, "quota_bytes": use.quota}
        publish(Event(event, user.pk, "storage", data))


def measure_some() -> int:
    """Measure files that were stored before their sizes were noted. Returns how many rows were measured."""
    videos = Video.objects.filter(picture_bytes=None).order_by("pk")[:_MEASURED_AT_ONCE]
    count = _measure(videos, "picture_bytes", ("poster", "scrub_sheet"))
    images = ReferenceImage.objects.filter(byte_count=None).order_by("pk")[:_MEASURED_AT_ONCE]
    count += _measure(images, "byte_count", ("file", "thumbnail"))
    clips = Character.objects.filter(byte_count=None).order_by("pk")[:_MEASURED_AT_ONCE]
    return count + _measure(clips, "byte_count", ("file",))


def _measure(rows: Iterable[Any], column: str, files: tuple[str, ...]) -> int:
    count = 0
    for row in rows:
        size = sum(_size_of(getattr(row, name)) for name in files)
        model: type[Model] = type(row)
        count += model._default_manager.filter(pk=row.pk, **{column: None}).update(**{column: size})
    return count


def _size_of(file: FieldFile) -> int:
    """Return the file's bytes; 0 where there is none, or storage does not find it."""
    try:
        return default_storage.size(str(file.name)) if file else 0
    except (OSError, ValueError):
        return 0
