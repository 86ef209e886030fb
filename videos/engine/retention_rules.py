"""Which videos move to the trash for their age, and when: the studio's rule, and those of collections."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from videos.models import (
    ApprovalRequest,
    BatchState,
    Collection,
    CollectionItem,
    Retention,
    ShareLink,
    State,
    Video,
)
from videos.models.video_queries import VideoQuerySet

ENDED = (State.COMPLETED, State.FAILED, State.CANCELED)


def warning() -> timedelta:
    """For how long an owner knows of it before a video moves."""
    return timedelta(days=settings.RETENTION_WARNING_DAYS)


def shortest_days() -> int | None:
    """Return the days of the shortest rule there is; None where nothing ever moves."""
    lengths = [settings.RETENTION_DAYS] if settings.RETENTION_DAYS else []
    ruled = Collection.objects.existing().filter(retention=Retention.DAYS, retention_days__isnull=False)
    shortest = ruled.aggregate(least=Min("retention_days"))["least"]
    return min([*lengths, *([shortest] if shortest else [])], default=None)


def not_exempt(videos: VideoQuerySet) -> VideoQuerySet:
    """The videos that have ended and that a rule may move.

    Not those that are kept, nor favourites where RETENTION_KEEPS_FAVOURITES says so; those in a collection
    that keeps its videos; those that a share link shows; those that something is being made of, or is to be
    made of once it is approved; those of a batch that is not done.
    """
    return (
        videos.filter(state__in=ENDED, due_at=None, trashed_at=None, deleted_at=None, kept=False)
        .exclude(is_kept_forever())
        .exclude(_is_shared())
        .exclude(in_use())
        .exclude(Q(batch__isnull=False) & ~Q(batch__state=BatchState.COMPLETED))
        .exclude(pk__in=_awaited_sources())
    )


def in_use() -> Q:
    """That something is being made of it: its file may still be sent, or its job named to the backend.

    As a list that is made once for a query: SQLite would look through all videos for each of them, because
    most have no source at all.
    """
    derived = Video.objects.in_flight().filter(source__isnull=False).order_by()
    return Q(pk__in=derived.values("source"))


def is_kept_forever() -> Q:
    """That its owner keeps it, whatever its age: by “Keep”, as a favourite, or in a collection that keeps."""
    held = _items().filter(collection__retention=Retention.KEEP)
    favourites = Q(favourite=True) if settings.RETENTION_KEEPS_FAVOURITES else Q(pk__in=[])
    return Q(kept=True) | favourites | Q(Exists(held))


def _items() -> QuerySet[CollectionItem]:
    return CollectionItem.objects.filter(video=OuterRef("pk"), collection__deleted_at=None).order_by()


def _is_shared() -> Q:
    """That people outside watch it by a link that works."""
    if not settings.SHARE_LINKS:
        return Q(pk__in=[])
    links = ShareLink.objects.active().order_by()
    by_itself = links.filter(video=OuterRef("pk"))
    held_by = _items().filter(collection__in=links.filter(collection__isnull=False).values("collection"))
    return Q(Exists(by_itself)) | Q(Exists(held_by))


def _awaited_sources() -> list[int]:
    """The keys of the videos that requests are about which wait for approval."""
    named = ApprovalRequest.objects.waiting().values_list("data__source", "data__video")
    return [pk for pair in named for pk in pair if isinstance(pk, int)]


@dataclass(frozen=True)
class Ageing:
    """A video that a rule moves to the trash: after so many days, which are over at `at`.

    There it is deleted for good after `trash_days`; None: after TRASH_RETENTION_DAYS, whatever that is then.
    """

    video: Video
    days: int
    at: datetime
    trash_days: int | None = None

    def purged_at(self, moves_at: datetime) -> datetime | None:
        """Return when it is deleted for good if it moves then; None: after TRASH_RETENTION_DAYS."""
        return moves_at + timedelta(days=self.trash_days) if self.trash_days else None


def find_ageing(videos: VideoQuerySet) -> Iterator[Ageing]:
    """Yield when the videos move, in the order of the query, without those that no rule concerns.

    In collections of its owner's, the longest of their rules counts, in place of the studio's: the longest
    time until the trash, and the longest time in it. A rule of somebody else's collection can only make
    either longer: nobody's rule throws away another's work.
    """
    items = _items().filter(collection__retention=Retention.DAYS)
    own = items.filter(collection__owner=OuterRef("owner"))
    others = items.exclude(collection__owner=OuterRef("owner"))
    ruled = videos.annotate(
        own_days=_longest(own, F("collection__retention_days")),
        others_days=_longest(others, F("collection__retention_days")),
        own_trash_days=_longest(own, _trash_days()),
        others_trash_days=_longest(others, _trash_days()),
    )
    for video in ruled:
        days = _longest_of(video, "days", settings.RETENTION_DAYS)
        ages_from = video.retained_from or video.finished_at
        if days and ages_from is not None:
            in_trash = _longest_of(video, "trash_days", settings.TRASH_RETENTION_DAYS)
            trash_days = None if in_trash == settings.TRASH_RETENTION_DAYS else in_trash
            yield Ageing(video, days, ages_from + timedelta(days=days), trash_days)


def _trash_days() -> Combinable:
    """The days in the trash by a rule: those of the studio where it has none of its own."""
    return Coalesce("collection__trash_days", settings.TRASH_RETENTION_DAYS)


def _longest(items: QuerySet[CollectionItem], days: Combinable) -> Subquery:
    return Subquery(items.values("video").annotate(days=Max(days)).values("days"))


def _longest_of(video: Video, name: str, usual: int) -> int:
    """Return the days that count for the video: of its owner's rules, else the studio's; 0 for never."""
    own: int | None = getattr(video, f"own_{name}")
    others: int | None = getattr(video, f"others_{name}")
    days = own or usual
    return max(days, others or 0) if days else 0
