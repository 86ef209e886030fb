"""What collections are drawn from beside their rows, in a constant number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Subquery

from accounts.models import User
from videos.models import Collection, CollectionItem, Video


@dataclass(frozen=True)
class CollectionOverview:
    """A collection as a list shows it: with how many videos are in it, and the one that stands for it."""

    collection: Collection
    count: int
    cover: Video | None
    is_own: bool


def overviews(person: User, collections: Iterable[Collection]) -> list[CollectionOverview]:
    """Return the collections with their counts and covers, in three queries however many there are.

    A cover that is in the trash, or no longer in the collection, gives way to the newest video.
    """
    drawn = list(collections)
    keys = [collection.pk for collection in drawn]
    counts, covers = _counts(keys), _covers(keys)
    return [
        CollectionOverview(
            collection,
            counts.get(collection.pk, 0),
            covers.get(collection.pk),
            is_own=collection.owner_id == person.pk,
        )
        for collection in drawn
    ]


def _counts(keys: Sequence[int]) -> dict[int, int]:
    items = CollectionItem.objects.filter(
        collection__in=keys, video__trashed_at=None, video__deleted_at=None
    ).order_by()
    return dict(items.values_list("collection").annotate(number=Count("*")))


def _covers(keys: Sequence[int]) -> dict[int, Video]:
    """Return by collection the cover, or its newest video that has a picture."""
    shown = CollectionItem.objects.filter(
        collection=OuterRef("pk"), video__trashed_at=None, video__deleted_at=None
    ).exclude(video__poster="")
    rows = Collection.objects.filter(pk__in=keys).annotate(
        shows_cover=Exists(shown.filter(video=OuterRef("cover"))),
        newest=Subquery(shown.order_by("-video").values("video")[:1]),
    )
    found = rows.order_by().values_list("pk", "cover", "shows_cover", "newest")
    chosen = {pk: cover if shows_cover else newest for pk, cover, shows_cover, newest in found}
    drawn = Video.objects.only("public_id", "width", "height", "poster")
    videos = drawn.in_bulk({pk for pk in chosen.values() if pk is not None})
    return {pk: videos[video] for pk, video in chosen.items() if video in videos}
