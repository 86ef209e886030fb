"""Pages that go on from a card: by the place of a row, never by counting rows, so that the last page of a
hundred thousand is as fast as the first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.db.models.expressions import BaseExpression

from videos.models import Video
from videos.models.video import VideoQuerySet
from videos.views.access import Request
from videos.views.selectors import with_tags

PAGE = 24  # cards
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Order:
    """An order of the list: by `key`, which is never NULL, and among equals by id; without a key by id."""

    key: BaseExpression | F | None = None
    descending: bool = True

    def sorted(self, rows: VideoQuerySet, *, backwards: bool = False) -> VideoQuerySet:
        sign = "-" if self.descending != backwards else ""
        if self.key is None:
            return rows.order_by(f"{sign}pk")
        return rows.alias(place_key=self.key).order_by(f"{sign}place_key", f"{sign}pk")

    def past(self, rows: VideoQuerySet, place: tuple[int, Any], *, backwards: bool = False) -> VideoQuerySet:
        """Those that come after `place`, as `_place` found it; with `backwards`, those before it."""
        pk, value = place
        lookup = "lt" if self.descending != backwards else "gt"
        if self.key is None:
            return rows.filter(**{f"pk__{lookup}": pk})
        # The first condition bounds the walk through an index; the second settles equals.
        rows = rows.alias(place_key=self.key).filter(**{f"place_key__{lookup}e": value})
        return rows.filter(Q(**{f"place_key__{lookup}": value}) | Q(**{f"pk__{lookup}": pk}))


@dataclass(frozen=True)
class Page:
    """One screenful. `above` and `below` are the ids to go on from, empty where there is nothing more."""

    videos: Sequence[Video]
    above: str = ""
    below: str = ""


def page_of(request: Request, rows: VideoQuerySet, order: Order) -> Page:
    """Return the page of `rows` below the card `?below=` names, or above that of `?above=`.

    An id that is not one's own means the first page, so that a link to a video deleted since still leads
    somewhere.
    """
    below = _place(request, "below", order)
    above = _place(request, "above", order) if below is None else None
    if above is not None:
        nearest = _keys(order.sorted(order.past(rows, above, backwards=True), backwards=True))
        if len(nearest) > PAGE:
            shown = _whole(nearest[:PAGE][::-1])
            return Page(shown, above=shown[0].public_id, below=shown[-1].public_id)
        # Fewer than a page are above it: that is the first page.
    nearest = _keys(order.sorted(rows if below is None else order.past(rows, below)))
    shown = _whole(nearest[:PAGE])
    return Page(
        shown,
        above=shown[0].public_id if shown and below is not None else "",
        below=shown[-1].public_id if len(nearest) > PAGE else "",
    )


def _keys(found: VideoQuerySet) -> list[int]:
    """Which rows a page shows, and one more. They are found in an index that holds all that is asked for, and
    only then read: PostgreSQL would rather go through everybody's rows than through one person's.
    """
    return list(found.values_list("pk", flat=True)[: PAGE + 1])


def _whole(keys: Sequence[int]) -> list[Video]:
    """The videos with their labels, in the order of their keys."""
    found = with_tags(Video.objects.filter(pk__in=keys)).in_bulk()
    return [found[pk] for pk in keys if pk in found]  # one may have been deleted since


def beside(video: Video, rows: VideoQuerySet, order: Order) -> tuple[Video | None, Video | None]:
    """Return which of `rows` come right before and right after `video`, which need not be one of them.

    A query for each, which finds it in an index as `_keys` does, and one to read both; one more for the place
    where the order has a key.
    """
    place = (video.pk, None) if order.key is None else _place_of(Video.objects.filter(pk=video.pk), order)
    if place is None:
        return None, None
    before = order.sorted(order.past(rows, place, backwards=True), backwards=True)
    after = order.sorted(order.past(rows, place))
    keys = [found.values_list("pk", flat=True).first() for found in (before, after)]
    known = Video.objects.only("public_id", "prompt").in_bulk([pk for pk in keys if pk is not None])
    previous, following = (known.get(pk) if pk is not None else None for pk in keys)
    return previous, following


def _place(request: Request, name: str, order: Order) -> tuple[int, Any] | None:
    """Where in the order the card that `?name=` names is, when it is one's own; deleted ones keep theirs."""
    public_id = request.GET.get(name, "")
    if not PUBLIC_ID.fullmatch(public_id):
        return None
    return _place_of(Video.objects.filter(owner=request.user, public_id=public_id), order)


def _place_of(named: VideoQuerySet, order: Order) -> tuple[int, Any] | None:
    if order.key is None:
        pk = named.values_list("pk", flat=True).first()
        return None if pk is None else (pk, None)
    return named.annotate(place_key=order.key).values_list("pk", "place_key").first()
