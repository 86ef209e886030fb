"""How much the files of everybody take, by the sizes that the database knows of them.

Measuring the files themselves would mean to look at every one of them: that is for `check_storage`.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from videos.engine import safe_cache
from videos.engine.storage_use import bytes_of, bytes_of_videos
from videos.models import Character, ReferenceImage, Video

MAX_AGE = 600  # seconds for which a sum over all videos is told again
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
    """Return what all files take, as it was up to `MAX_AGE` seconds ago."""
    known: StorageUsage | None = safe_cache.get_many([_KEY]).get(_KEY)
    if known is None:
        known = measure_usage()
        safe_cache.set_many({_KEY: known}, timeout=MAX_AGE)
    return known
