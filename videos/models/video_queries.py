"""Which videos a query finds: those that a person may see, those that a search finds, those in a status."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import roles
from videos.models.state import IN_FLIGHT, NEEDS_DECISION, State, public_status
from videos.models.video_search import search_prompts

if TYPE_CHECKING:
    from accounts.models import User
    from videos.models.video import Video  # noqa: F401 (named in quotes below)


class VideoQuerySet(models.QuerySet["Video"]):
    def owned_by(self, owner: "User | int") -> "VideoQuerySet":
        """The videos that `owner`, a user or its key, may act on: the owner's, without deleted ones."""
        return self.filter(owner=owner, deleted_at=None)

    def visible_to(self, person: "User") -> "VideoQuerySet":
        """The videos that the person may look at: one's own, what is in collections that one may see, and
        for managers and staff everybody's. Of others' none that is in the trash.

        For a few videos that are named; a page of many is found by `shared_with` or `of_team`, from an index.
        """
        allowed = Q(owner=person)
        if roles.sees_all_work(person):
            allowed |= Q(trashed_at=None)
        else:
            items = _items().filter(
                video=OuterRef("pk"), collection__in=_collections().open_to(person).values("pk")
            )
            allowed |= Q(Exists(items), trashed_at=None)
        return self.filter(allowed, deleted_at=None)

    def shared_with(self, person: "User") -> "VideoQuerySet":
        """Others' videos in the collections that the person was chosen for, or owns."""
        return self.in_collections(_collections().personal_to(person)).exclude(owner=person)

    def of_team(self, person: "User") -> "VideoQuerySet":
        """What the team shows the person: the team's collections; for managers and staff everybody's work."""
        if roles.sees_all_work(person):
            return self.filter(deleted_at=None)
        return self.in_collections(_collections().of_team())

    def in_collections(self, collections: QuerySet[Any]) -> "VideoQuerySet":
        """The videos in any of the collections, without deleted ones.

        One query, for the keys of the collections: a database that plans for a condition on them instead
        takes half of all videos to be in them, and walks through all of them to find none.
        """
        return self._in(list(collections.order_by().values_list("pk", flat=True)))

    def in_collection(self, pk: int | None) -> "VideoQuerySet":
        """The videos in the collection with that key, without deleted ones; none without a key."""
        return self._in([] if pk is None else [pk])

    def _in(self, collections: list[int]) -> "VideoQuerySet":
        items = _items().filter(collection__in=collections)
        return self.filter(pk__in=items.values("video"), deleted_at=None) if collections else self.none()

    def known_to(self, person: "User") -> "VideoQuerySet":
        """The videos that the person may see, and one's own that are deleted: they still mark a place."""
        return self.filter(owner=person) | self.visible_to(person)

    def not_trashed(self) -> "VideoQuerySet":
        """The videos that are not in the trash."""
        return self.filter(trashed_at=None)

    def purged_by(self, moment: datetime) -> "VideoQuerySet":
        """What is in the trash and has been there for long enough at that moment to be deleted for good."""
        usual = Q(purge_due_at=None, trashed_at__lte=moment - timedelta(days=settings.TRASH_RETENTION_DAYS))
        return self.filter(usual | Q(purge_due_at__lte=moment), trashed_at__isnull=False, deleted_at=None)

    def search(self, query: str) -> "VideoQuerySet":
        """The videos whose prompt is what the query asks for: `videos.models.video_search`."""
        return search_prompts(self, query)

    def in_flight(self) -> "VideoQuerySet":
        return self.filter(state__in=IN_FLIGHT)

    def with_status(self, status: str) -> "VideoQuerySet":
        """The videos with this `status`, in the protocol's words; or `needs_decision`, which are queued ones
        that wait for their owner.
        """
        if status == NEEDS_DECISION:
            return self.filter(state=State.UNCERTAIN, due_at=None)
        return self.filter(state__in=[state for state in State if public_status(state.value) == status])


def _collections() -> Any:
    """The collections; their module, which builds on this one, cannot be imported here."""
    return apps.get_model("videos", "Collection")._default_manager.order_by()


def _items() -> QuerySet[Any]:
    return apps.get_model("videos", "CollectionItem")._default_manager.order_by()
