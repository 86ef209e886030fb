"""The log of deliveries, a page at a time: a page begins after a row, so each costs the same."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from webhooks.models import Delivery, DeliveryState, Endpoint

PAGE_SIZE = 50


@dataclass(frozen=True)
class LogPage:
    """Deliveries, the newest first; `next` is the id after which the next page begins, if there is one."""

    deliveries: list[Delivery]
    next: str

    @property
    def is_moving(self) -> bool:
        """Whether something in it will change within a minute."""
        soon = timezone.now() + timedelta(minutes=1)
        return any(each.due_at is not None and each.due_at < soon for each in self.deliveries)


class UnknownDeliveryError(Exception):
    """There is no such delivery to go on from."""


def read_page(endpoint: Endpoint, *, after: str = "", state: str = "", limit: int = PAGE_SIZE) -> LogPage:
    """Return at most `limit` deliveries, those older than the one with the id `after`. Two queries.

    Raises `UnknownDeliveryError` for an `after` that is not one of this endpoint's.
    """
    rows = Delivery.objects.filter(endpoint=endpoint).select_related("message").order_by("-pk")
    if state in DeliveryState.values:
        rows = rows.filter(state=state)
    if after:
        position = Delivery.objects.filter(endpoint=endpoint, public_id=after).values_list("pk", flat=True)
        if not (pk := position.first()):
            raise UnknownDeliveryError
        rows = rows.filter(pk__lt=pk)
    found = list(rows[: limit + 1])
    return LogPage(found[:limit], found[limit - 1].public_id if len(found) > limit else "")
