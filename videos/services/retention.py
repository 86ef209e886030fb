"""What owners say about how long their videos are kept: keep this one, keep those of a collection."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts.models import User
from videos.engine import enqueue, playable_copies
from videos.engine.retention_rules import is_kept_forever
from videos.models import Collection, State, Video
from videos.models.video_queries import VideoQuerySet
from videos.services.quota import require_room

RETENTION_FIELDS = ("retention", "retention_days", "trash_days")  # of a collection: its rule


def expiring(owner: User) -> VideoQuerySet:
    """Return the owner's videos that are to move to the trash, the next one first."""
    return (
        Video.objects.owned_by(owner)
        .not_trashed()
        .filter(retention_due_at__isnull=False)
        .exclude(is_kept_forever())
        .order_by("retention_due_at", "pk")
    )


def keep(videos: Iterable[Video]) -> int:
    """Keep the videos, whatever their age. Returns how many were not kept before."""
    found = Video.objects.filter(pk__in=[video.pk for video in videos], kept=False, deleted_at=None)
    return found.update(kept=True, retention_due_at=None, revision=F("revision") + 1)


def keep_all_expiring(owner: User) -> int:
    """Keep all of the owner's videos that are to move to the trash. Returns how many."""
    found = Video.objects.owned_by(owner).filter(retention_due_at__isnull=False, trashed_at=None)
    return found.update(kept=True, retention_due_at=None, revision=F("revision") + 1)


def let_go(videos: Iterable[Video]) -> int:
    """Have the rules count for the videos again. They are announced anew before any of them moves."""
    found = Video.objects.filter(pk__in=[video.pk for video in videos], kept=True, deleted_at=None)
    return found.update(kept=False, revision=F("revision") + 1)


@dataclass(frozen=True)
class Concerned:
    """How many of a collection's videos a rule would move now, of how many, and their bytes.

    The rule: after how many days a video moves, and for how many it is in the trash then.
    """

    old: int
    total: int
    bytes: int
    days: int
    trash_days: int

    @property
    def rule(self) -> str:
        """The rule as a page sends it back that has said what it concerns."""
        return f"{self.days}/{self.trash_days}"


def concerned_by(collection: Collection, days: int) -> Concerned:
    """Return which of the collection's videos are older than `days` now, and are not kept anyway.

    The collection has its new rule already, and is not saved.
    """
    videos = Video.objects.in_collection(collection.pk).not_trashed()
    before = timezone.now() - timedelta(days=days)
    old = videos.filter(state__in=[State.COMPLETED, State.FAILED, State.CANCELED], finished_at__lte=before)
    old = old.exclude(is_kept_forever())
    size = old.aggregate(bytes=Sum("byte_count"))["bytes"] or 0
    trash_days = collection.trash_days or settings.TRASH_RETENTION_DAYS
    return Concerned(old.count(), videos.count(), size, days, trash_days)


def forget_announcements(collection: Collection) -> None:
    """Announce the collection's videos anew, by the rule that it has now."""
    announced = Video.objects.in_collection(collection.pk).filter(retention_due_at__isnull=False)
    keys = list(announced.values_list("pk", flat=True))
    Video.objects.filter(pk__in=keys).update(retention_due_at=None, revision=F("revision") + 1)


@transaction.atomic
def make_playable(video: Video) -> bool:
    """Have a worker make a copy for browsers again. Returns False where none is missing, or one is under way.

    Raises `StorageFullError` where the owner's storage is full.
    """
    require_room(video.owner)
    missing = Video.objects.filter(pk=video.pk, state=State.COMPLETED, copy_due_at=None, browser_file="")
    if not video.may_not_play or not missing.update(copy_due_at=timezone.now(), revision=F("revision") + 1):
        return False
    enqueue.send_after_commit(playable_copies.TASK, video.pk)
    return True
