"""The facets of the library's filters, and how many videos each of their values would leave."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils.translation import gettext
from django_stubs_ext import StrOrPromise

from accounts.models import User
from videos.models import State, Tag, Video
from videos.models.state import NEEDS_DECISION, public_status
from videos.models.video_queries import VideoQuerySet
from videos.shapes import OTHER, shapes_of
from videos.templatetags.studio import format_size
from videos.views.model_rows import family_of
from videos.views.search import STATUSES, Search

MAX_UNGROUPED = 12  # values of a facet in one plain list


@dataclass(frozen=True)
class FacetChoice:
    """A value of a facet, and how many videos have it and fit the other filters."""

    value: str
    label: str
    count: int
    is_chosen: bool
    group: str = ""  # what it is listed under, where there are many values


@dataclass(frozen=True)
class Facet:
    """One filter with its values. `any_label` is what it says when none is chosen."""

    name: str
    label: str
    any_label: str
    choices: list[FacetChoice]

    @property
    def is_active(self) -> bool:
        return any(choice.is_chosen for choice in self.choices)


@dataclass(frozen=True)
class FacetCounts:
    """How many videos fit, and the facets with the counts of their values.

    `examined` is how many videos were counted for this: more than fit, as each facet ignores its own filter.
    """

    total: int
    facets: list[Facet]
    favourites: int
    examined: int = 0


# The facets that are counted as one cube, in the terms of OLAP: a cell for each combination of their values.
_DIMENSIONS = ("status", "model", "size", "seconds", "favourite")


def count_facets(search: Search, owner: User) -> FacetCounts:
    """Count what fits, and for each value of each facet what would fit with it.

    Four queries (five with a tag chosen), whatever the number of facets and videos: one groups by all
    dimensions at once, and its few hundred cells are added up here. A video may have many tags, so these are
    counted on their own; and so are uncertain videos, which are few, as the index that the rest is counted
    from does not say whether they need a decision.
    """
    cells = list(_cube_cells(search, owner))
    counts = {name: Counter[Any]() for name in _DIMENSIONS}
    total = 0
    for values, number in cells:
        missed = [
            name for name in _DIMENSIONS if getattr(search, name) and values[name] != getattr(search, name)
        ]
        total += 0 if missed else number
        for name in _DIMENSIONS:
            if not missed or missed == [name]:
                counts[name][values[name]] += number
    facets = [
        _facet(search, "status", gettext("Status"), gettext("Any status"), counts["status"], STATUSES),
        _facet(search, "model", gettext("Model"), gettext("Any model"), counts["model"]),
        _facet(search, "size", gettext("Resolution"), gettext("Any resolution"), counts["size"]),
        _facet(search, "seconds", gettext("Duration"), gettext("Any duration"), counts["seconds"]),
        _facet(search, "tag", gettext("Tag"), gettext("Any tag"), _tag_counts(search, owner)),
    ]
    return FacetCounts(total, facets, counts["favourite"][True], sum(number for _, number in cells))


def _cube_cells(search: Search, owner: User) -> Iterable[tuple[dict[str, Any], int]]:
    """Yield each combination of values of the dimensions, with how many videos have it."""
    rows = search.matches(owner, exclude=_DIMENSIONS).order_by()
    is_favourite = F("favourite") if search.is_own else _boolean(search.is_favourite(owner))
    # All states but one, not the others by name: SQLite would look for the few videos that a search has found
    # by an index of states, and go through all there are.
    others = rows.exclude(state=State.UNCERTAIN)
    for state, *values, number in _count_cells(others, F("state"), is_favourite):
        yield _cell(public_status(state), *values), number
    uncertain, is_waiting = rows.filter(state=State.UNCERTAIN), _boolean(Q(due_at=None))
    for waits, *values, number in _count_cells(uncertain, is_waiting, is_favourite):
        yield _cell(NEEDS_DECISION if waits else "queued", *values), number


def _count_cells(
    rows: VideoQuerySet, status: Combinable, is_favourite: Combinable
) -> QuerySet[Video, tuple[Any, ...]]:
    columns = ("cell_status", "model", "size", "source_seconds", "seconds", "cell_favourite")
    named = rows.annotate(cell_status=status, cell_favourite=is_favourite)
    return named.values_list(*columns).annotate(number=Count("*"))


def _boolean(condition: Q) -> Combinable:
    return ExpressionWrapper(condition, output_field=BooleanField())


def _cell(status: str, model: str, size: str, before: int, seconds: int, favourite: bool) -> dict[str, Any]:
    return dict(zip(_DIMENSIONS, (status, model, size, before + seconds, favourite), strict=True))


def _tag_counts(search: Search, owner: User) -> Counter[Any]:
    if search.scope == "shared":  # no tag of one's own is on another's video
        return Counter()
    rows = search.matches(owner, exclude=["tag"]).order_by().filter(tags__isnull=False)
    counted = dict(rows.values_list("tags").annotate(number=Count("*")))
    names = dict(Tag.objects.filter(owner=owner).order_by().values_list("pk", "name"))
    return Counter({names[pk]: number for pk, number in counted.items() if pk in names})


def _facet(
    search: Search,
    name: str,
    label: str,
    any_label: str,
    counts: Counter[Any],
    labels: Mapping[str, StrOrPromise] | None = None,
) -> Facet:
    chosen = getattr(search, name)
    values = {*counts, chosen} if chosen else set(counts)
    if labels is not None:
        listed = [value for value in labels if value in values]
    else:
        listed = sorted(values, key=lambda value: value.casefold() if isinstance(value, str) else value)
    groups = {value: _group_of(name, value) if len(listed) > MAX_UNGROUPED else "" for value in listed}
    choices = [
        FacetChoice(
            str(value), _value_label(name, value, labels), counts[value], value == chosen, groups[value]
        )
        for value in sorted(listed, key=lambda value: groups[value])
    ]
    return Facet(name, label, any_label, choices)


def _group_of(name: str, value: Any) -> str:
    """Return the family of a model, or the ratio of a size; empty for values that need no groups."""
    if name == "model":
        return family_of(value)
    shape = next(iter(shapes_of([value])), None) if name == "size" else None
    return shape.ratio if shape and shape.ratio != OTHER else ""


def _value_label(name: str, value: Any, labels: Mapping[str, StrOrPromise] | None) -> str:
    if labels is not None:
        return str(labels[value])
    if name == "seconds":
        return f"{value} s"
    return format_size(value) if name == "size" else str(value)
