"""Which rows an export holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from accounts.models import User
from billing.models import LedgerLine
from videos.models import (
    Batch,
    BatchRow,
    BatchState,
    Character,
    Collection,
    PromptTemplate,
    ReferenceImage,
    ShareComment,
    ShareLink,
    Video,
    VideoReference,
)

_PAGE = 200  # rows read at once
_M = TypeVar("_M", bound=Model)


@dataclass(frozen=True)
class Scope:
    """What is asked for: all that is one person's, what is in one collection, or everything.

    `since` leaves out videos that were asked for before it. What is in the trash is left out without
    `with_trash`.
    """

    owner: User | None = None
    collection: Collection | None = None
    since: datetime | None = None
    with_trash: bool = False

    def describe(self) -> dict[str, Any]:
        return {
            "owner": self.owner.username if self.owner else None,
            "collection": self.collection.public_id if self.collection else None,
            "since": self.since.isoformat() if self.since else None,
            "with_trash": self.with_trash,
        }

    @property
    def is_everything(self) -> bool:
        return self.owner is None and self.collection is None

    def videos(self) -> QuerySet[Video]:
        videos: QuerySet[Video] = self._own(Video.objects.filter(deleted_at=None))
        if self.collection is not None:
            videos = videos.filter(pk__in=self.collection.items.order_by().values("video"))
        if self.since is not None:
            videos = videos.filter(created_at__gte=self.since)
        return videos if self.with_trash else videos.filter(trashed_at=None)

    def collections(self) -> QuerySet[Collection]:
        if self.collection is not None:
            return Collection.objects.filter(pk=self.collection.pk)
        found = self._own(Collection.objects.all())
        return found if self.with_trash else found.filter(deleted_at=None)

    def references(self) -> QuerySet[ReferenceImage]:
        videos = self.videos().order_by()
        images = VideoReference.objects.filter(video__in=videos).order_by().values("image")
        used = Q(pk__in=videos.values("reference")) | Q(pk__in=videos.values("last_frame"))
        return self._own_or(ReferenceImage.objects.all(), used | Q(pk__in=images))

    def characters(self) -> QuerySet[Character]:
        links = Video.characters.through._default_manager.filter(video__in=self.videos().order_by())
        used = Q(pk__in=links.values("character"))
        return self._own_or(Character.objects.all(), used)

    def templates(self) -> QuerySet[PromptTemplate]:
        if self.collection is not None:
            return PromptTemplate.objects.filter(collections=self.collection, owner__isnull=False)
        return self._own(PromptTemplate.objects.all())

    def batches(self) -> QuerySet[Batch]:
        batches = Batch.objects.exclude(state=BatchState.SAVING)
        return self._own_or(batches, Q(pk__in=self.videos().order_by().values("batch")))

    def batch_rows(self) -> QuerySet[BatchRow]:
        return BatchRow.objects.filter(batch__in=self.batches().order_by())

    def share_links(self) -> QuerySet[ShareLink]:
        if self.collection is not None:
            return ShareLink.objects.filter(collection=self.collection)
        links = self._own(ShareLink.objects.all())
        shown = Q(video__in=self.videos().order_by()) | Q(collection__in=self.collections().order_by())
        return links.filter(shown)

    def comments(self) -> QuerySet[ShareComment]:
        return ShareComment.objects.filter(
            link__in=self.share_links().order_by(), video__in=self.videos().order_by()
        )

    def ledger_lines(self) -> QuerySet[LedgerLine]:
        """The lines of these videos; and where nobody asks for a part, of those that are gone for good."""
        chosen = Q(video_id__in=self.videos().order_by().values("pk"))
        if self.collection is None and self.since is None:
            there = Video.objects.filter(pk=OuterRef("video_id"), deleted_at=None)
            gone = Q(~Exists(there))
            chosen |= gone if self.owner is None else gone & Q(user_id=self.owner.pk)
        return LedgerLine.objects.filter(chosen)

    def people(self) -> QuerySet[User]:
        """Those who are named whatever else is: all of the studio, or the one whose work it is."""
        if self.owner is not None:
            return User.objects.filter(pk=self.owner.pk)
        return User.objects.all() if self.is_everything else User.objects.none()

    def _own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows if self.owner is None else rows.filter(owner=self.owner)

    def _own_or(self, rows: QuerySet[Any], used: Q) -> QuerySet[Any]:
        """The owner's rows, and those that the videos use; all of them where everything is asked for."""
        if self.is_everything:
            return rows
        return rows.filter(used | Q(owner=self.owner) if self.owner else used)


def in_pages(rows: QuerySet[_M]) -> Iterator[_M]:
    """Yield the rows, oldest first, read in small queries: no cursor is open while files are copied."""
    rows = rows.order_by("pk")
    last = None
    while True:
        page = list((rows if last is None else rows.filter(pk__gt=last))[:_PAGE])
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1].pk
