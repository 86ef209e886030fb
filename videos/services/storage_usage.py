"""How much the files of everybody take, by the sizes that the database knows of them.

Measuring the files themselves would mean to look at every one of them: that is for `check_storage`.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from videos.engine import safe_cache
from videos.engine.storage_use import bytes_of, bytes_of_videos
from videos.models import Character, ReferenceImage, Video

MAX_AGE = 600  # seconds after which a worker measures again
_KEPT = 24 * 3600.0  # seconds for which a sum is told while no worker measures
_KEY = "storage-usage"


@dataclass(frozen=True)
class StorageUsage:
    """Bytes of videos with their copies and pictures, of reference images and of characters' clips, as they
    were at `at`; `in_trash` is a part of the first.
    """

    videos: int
    in_trash: int
    images: int
    clips: int
    at: datetime

    @property
    def total(self) -> int:
        return self.videos + self.images + self.clips


def measure_usage() -> StorageUsage:
    """Return what all files take, in four queries. That of all videos reads an index, not the rows."""
    kept = Video.objects.filter(deleted_at=None)
    return StorageUsage(
        videos=bytes_of_videos(kept),
        in_trash=bytes_of_videos(kept.filter(trashed_at__isnull=False)),
        images=bytes_of(ReferenceImage.objects.all()),
        clips=bytes_of(Character.objects.all()),
        at=timezone.now(),
    )


def known_usage() -> StorageUsage:
    """Return what all files take, as a worker measured it last; where none has, measure it now."""
    return _known() or _measure_and_keep()


def refresh_usage() -> None:
    """Measure again what pages tell, once it is `MAX_AGE` old. For a worker: no page waits for it."""
    known = _known()
    if known is None or (timezone.now() - known.at).total_seconds() >= MAX_AGE:
        _measure_and_keep()


def _known() -> StorageUsage | None:
    known: StorageUsage | None = safe_cache.get_many([_KEY]).get(_KEY)
    return known


def _measure_and_keep() -> StorageUsage:
    usage = measure_usage()
    safe_cache.set_many({_KEY: usage}, timeout=_KEPT)
    return usage
