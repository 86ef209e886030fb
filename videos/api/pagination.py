"""Pages of videos by cursor, for both APIs."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import QuerySet

from videos.api.auth import Caller
from videos.api.errors import ApiError
from videos.models import Video
from videos.models.keyset import KeysetOrder, take_page
from videos.validation import is_public_id

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
    for an `after` that the caller may not know.
    """
    by_creation = KeysetOrder(descending=order != "asc")
    if after:
        # A deleted one still marks its place for as long as its row is there.
        known = Video.objects.known_to(caller.user).filter(public_id=after)
        position = by_creation.position_of(known) if is_public_id(after) else None
        if position is None:
            raise ApiError(
                404, "not_found", f"There is no video '{after[:80]}' to go on from.", param="after"
            )
        rows = by_creation.after(rows, position)
    return Page(*take_page(by_creation.sort(rows), limit))
