"""The pages of the admin's lists of large tables."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MAX_LISTED = 10_000  # rows that can be paged through; a narrower search shows the others


class BoundedPaginator(Paginator[Any]):
    """Counts no more than it lists: counting a million rows would take longer than showing them.

    So a page begins after `MAX_LISTED` rows at most, too.
    """

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return len(self.object_list.order_by()[:MAX_LISTED].values_list("pk"))
