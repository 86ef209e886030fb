"""The collections that the rows of a batch name: found once each, with room for all that goes into them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.formats import format_number
from accounts.models import User
from videos.models import Collection, CollectionItem
from videos.services.batch_file import Row
from videos.services.batch_record import RowError
from videos.services.collections import MAX_VIDEOS, find_editable

MAX_NAMED = 100  # collections of one batch: each takes a query


def find_collections(owner: User, rows: Sequence[Row]) -> tuple[dict[str, Collection], list[RowError]]:
    """Return the collections by the names or ids that rows give them, and the errors about those that the
    owner may put no videos into, or that have no room for all of them.
    """
    found, unusable = _find_each(owner, list(dict.fromkeys(row.collection for row in rows if row.collection)))
    errors = [row.error("collection", unusable[row.collection]) for row in rows if row.collection in unusable]
    return found, [*errors, *_find_overflows(rows, found)]


def _find_each(owner: User, names: Sequence[str]) -> tuple[dict[str, Collection], dict[str, str]]:
    found: dict[str, Collection] = {}
    too_many = gettext("a batch can name at most %(count)s collections.") % {"count": MAX_NAMED}
    unusable = dict.fromkeys(names[MAX_NAMED:], too_many)
    for name in names[:MAX_NAMED]:
        try:
            found[name] = find_editable(owner, name)
        except ValidationError as error:
            unusable[name] = error.messages[0]
    return found, unusable


def _find_overflows(rows: Sequence[Row], found: Mapping[str, Collection]) -> Iterator[RowError]:
    """Yield an error for each collection, at the first row that has no room in it."""
    room: Counter[int] = Counter()
    for pk in {collection.pk for collection in found.values()}:
        room[pk] = MAX_VIDEOS - CollectionItem.objects.filter(collection=pk).count()
    for row in rows:
        collection = found.get(row.collection)
        if collection is None:
            continue
        room[collection.pk] -= 1
        if room[collection.pk] == -1:
            message = gettext("a collection can hold %(count)s videos; “%(name)s” has no room from here on.")
            values = {"count": format_number(MAX_VIDEOS), "name": collection.name}
            yield row.error("collection", message % values)
