"""Pages of videos by cursor, for both APIs."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import QuerySet

from videos.api.access import PUBLIC_ID
from videos.api.auth import Caller
from videos.api.errors import ApiError
from videos.models import Video

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Videos in the requested order, and whether more follow."""

    videos: list[Row]
    has_more: bool


def get_page(caller: Caller, rows: QuerySet[Video, Row], *, after: str, limit: int, order: str) -> Page[Row]:
    """Return at most `limit` of `rows`, videos or plain values of them, after the one with id `after`.

    An empty `after` starts from the beginning. `order` is asc or desc, by creation. One row more than needed
    is read and nothing is counted, so a page costs the same in a table of any length. Raises `ApiError` 404
    for an `after` that is not the caller's.
    """
    newest_first = order != "asc"
    if after:
        # A deleted video still marks its place for as long as its row exists.
        mine = Video.objects.filter(owner=caller.user, public_id=after).values_list("pk", flat=True)
        mark = mine.first() if PUBLIC_ID.fullmatch(after) else None
        if mark is None:
            raise ApiError(
                404, "not_found", f"There is no video '{after[:80]}' to go on from.", param="after"
            )
        rows = rows.filter(pk__lt=mark) if newest_first else rows.filter(pk__gt=mark)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: limit + 1])
    return Page(found[:limit], has_more=len(found) > limit)
