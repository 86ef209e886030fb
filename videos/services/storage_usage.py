"""How much the studio's files take, by what the database says of them, and what is left for more.

Measuring the files themselves would mean to look at every one of them: that is for `check_storage`.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum
from django.utils import timezone

from videos.engine import safe_cache
from videos.models import Video
from videos.models.video_queries import VideoQuerySet

MAX_AGE = 600  # seconds for which a sum over all videos is told again: it reads every row
_KEY = "storage-usage"


@dataclass(frozen=True)
class StorageUsage:
    """Bytes of originals and of copies for browsers, of how many videos, as they were at `at`."""

    videos: int
    originals: int
    copies: int
    in_trash: int
    at: datetime

    @property
    def total(self) -> int:
        return self.originals + self.copies


def measure_usage() -> StorageUsage:
    """Return what the files of all videos take. Two queries, of which one reads every row.

    Posters and reference images, of which the database does not know the size, are not counted: they take a
    hundredth of what videos take.
    """
    kept = Video.objects.filter(deleted_at=None).order_by()
    trashed = _sums(kept.filter(trashed_at__isnull=False))
    sums = _sums(kept)
    in_trash = trashed["originals"] + trashed["copies"]
    return StorageUsage(**sums, in_trash=in_trash, at=timezone.now())


def _sums(videos: VideoQuerySet) -> dict[str, int]:
    found: dict[str, int | None] = videos.aggregate(
        videos=Count("byte_count"), originals=Sum("byte_count"), copies=Sum("browser_byte_count")
    )
    return {name: value or 0 for name, value in found.items()}


def known_usage() -> StorageUsage:
    """Return what the files of all videos take, as it was up to `MAX_AGE` seconds ago."""
    known: StorageUsage | None = safe_cache.get_many([_KEY]).get(_KEY)
    if known is None:
        known = measure_usage()
        safe_cache.set_many({_KEY: known}, timeout=MAX_AGE)
    return known
