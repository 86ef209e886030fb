"""Which videos a query finds: those that a person may see, those that a search finds, those in a status."""

from typing import TYPE_CHECKING

from django.db import models

from videos.models.search_text import contains_words
from videos.models.state import IN_FLIGHT, NEEDS_DECISION, State, public_status

if TYPE_CHECKING:
    from accounts.models import User
    from videos.models.video import Video  # noqa: F401 (named in quotes below)


class VideoQuerySet(models.QuerySet["Video"]):
    def owned_by(self, owner: "User | int") -> "VideoQuerySet":
        """The videos that `owner`, a user or its key, may see: the owner's, without deleted ones."""
        return self.filter(owner=owner, deleted_at=None)

    def not_trashed(self) -> "VideoQuerySet":
        """The videos that are not in the trash."""
        return self.filter(trashed_at=None)

    def search(self, query: str) -> "VideoQuerySet":
        """The videos whose prompt contains every word of the query; all of them when it has none."""
        return self.filter(contains_words(query))

    def in_flight(self) -> "VideoQuerySet":
        return self.filter(state__in=IN_FLIGHT)

    def with_status(self, status: str) -> "VideoQuerySet":
        """The videos with this `status`, in the protocol's words; or `needs_decision`, which are queued ones
        that wait for their owner.
        """
        if status == NEEDS_DECISION:
            return self.filter(state=State.UNCERTAIN, due_at=None)
        return self.filter(state__in=[state for state in State if public_status(state.value) == status])
