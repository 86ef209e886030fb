"""How much the studio's files take, by what the database says of them, and what is left for more.

Measuring the files themselves would mean to look at every one of them: that is for `check_storage`.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Sum
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


def measure_usage(videos: VideoQuerySet | None = None) -> StorageUsage:
    """Return what the files of `videos` take, or those of all. One query, which reads every row of them.

    Posters and reference images, of which the database does not know the size, are not counted: they take a
    hundredth of what videos take.
    """
    found = (Video.objects.all() if videos is None else videos).exclude(file="").order_by()
    trashed = Q(trashed_at__isnull=False)
    sums: dict[str, int | None] = found.aggregate(
        videos=Count("pk"),
        originals=Sum("byte_count"),
        copies=Sum("browser_byte_count"),
        trashed_originals=Sum("byte_count", filter=trashed),
        trashed_copies=Sum("browser_byte_count", filter=trashed),
    )
    known = {name: value or 0 for name, value in sums.items()}
    in_trash = known.pop("trashed_originals") + known.pop("trashed_copies")
    return StorageUsage(**known, in_trash=in_trash, at=timezone.now())


def known_usage() -> StorageUsage:
    """Return what the files of all videos take, as it was up to `MAX_AGE` seconds ago."""
    known: StorageUsage | None = safe_cache.get_many([_KEY]).get(_KEY)
    if known is None:
        known = measure_usage()
        safe_cache.set_many({_KEY: known}, timeout=MAX_AGE)
    return known
