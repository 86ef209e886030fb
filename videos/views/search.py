"""The search of the library, as its address holds it: words, filters and an order; and the facet counts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contentgen.text_search import MAX_QUERY_LENGTH
from videos.models import State, Tag, Video, VideoReference
from videos.models.keyset import KeysetOrder
from videos.models.state import NEEDS_DECISION, public_status
from videos.models.tag import TAG_LIMIT
from videos.models.video_queries import VideoQuerySet
from videos.shapes import OTHER, shapes_of
from videos.templatetags.studio import format_size
from videos.views.access import Request
from videos.views.model_rows import family_of

STATUSES = {
    NEEDS_DECISION: "Needs attention",
    "queued": "Queued",
    "in_progress": "In progress",
    "completed": "Completed",
    "failed": "Failed",
    "canceled": "Canceled",
}


@dataclass(frozen=True)
class SortOption:
    """An order to choose, and what the links to the page before and after are called in it."""

    label: str
    previous_label: str
    next_label: str
    order: KeysetOrder


SORTS = {
    "newest": SortOption("Newest first", "Newer", "Older", KeysetOrder()),
    "oldest": SortOption("Oldest first", "Older", "Newer", KeysetOrder(descending=False)),
    "longest": SortOption(
        "Longest first", "Longer", "Shorter", KeysetOrder(F("source_seconds") + F("seconds"))
    ),
    # What has not finished stands where it was made.
    "finished": SortOption(
        "Recently finished", "Newer", "Older", KeysetOrder(Coalesce(F("finished_at"), F("created_at")))
    ),
}


class SearchForm(forms.Form):
    """Reads an address. What it cannot read counts as not asked for."""

    q = forms.CharField(max_length=MAX_QUERY_LENGTH, required=False)
    status = forms.ChoiceField(choices=list(STATUSES.items()), required=False)
    model = forms.CharField(max_length=100, required=False)
    size = forms.CharField(max_length=20, required=False)
    seconds = forms.IntegerField(min_value=1, max_value=100_000, required=False)
    tag = forms.CharField(max_length=TAG_LIMIT, required=False)
    reference = forms.CharField(max_length=64, required=False)
    favourite = forms.BooleanField(required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    sort = forms.ChoiceField(choices=[(name, name) for name in SORTS], required=False)


@dataclass(frozen=True)
class ActiveFilter:
    """A filter that is set, in words, and the address without it."""

    label: str
    remove_url: str


@dataclass(frozen=True)
class Search:
    """What is asked for. `reference` is the id of an image that videos were made with; `since` and `until`
    are whole days, both included, in the studio's time zone.
    """

    q: str = ""
    status: str = ""
    model: str = ""
    size: str = ""
    seconds: int | None = None
    tag: str = ""
    reference: str = ""
    favourite: bool = False
    since: date | None = None
    until: date | None = None
    sort: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, Any]) -> "Search":
        """Read the query of an address. Never raises: what makes no sense is left out."""
        form = SearchForm(query)
        form.is_valid()
        search = cls(**{name: value for name, value in form.cleaned_data.items() if value})
        return replace(search, sort="" if search.sort == "newest" else search.sort)

    @classmethod
    def from_request(cls, request: Request) -> "Search":
        """Read the search that a page sends along as `search`, in the form of `encoded`.

        Links of the answer then keep to it. A page that sends none, such as the studio, has none.
        """
        sent = request.POST.get("search") or request.GET.get("search", "")
        return cls.from_query(QueryDict(sent))

    @property
    def sort_option(self) -> SortOption:
        return SORTS[self.sort or "newest"]

    @property
    def parameters(self) -> dict[str, str]:
        """What is asked for, as it stands in an address."""
        parts = {name: value for name, value in vars(self).items() if name in self.__match_args__ and value}
        return {name: "1" if value is True else str(value) for name, value in parts.items()}

    @property
    def encoded(self) -> str:
        """The query of the address; empty when nothing is asked for."""
        return urlencode(self.parameters)

    @property
    def query(self) -> str:
        """What a link to a video ends in, so that its page knows the search it was reached by."""
        return f"?{self.encoded}" if self.parameters else ""

    @property
    def address(self) -> str:
        return reverse("videos:library") + self.query

    @property
    def next_url(self) -> str:
        """The address of the page after a cursor, up to that cursor."""
        return self._page_url("below")

    @property
    def previous_url(self) -> str:
        """The address of the page before a cursor, up to that cursor."""
        return self._page_url("above")

    def _page_url(self, parameter: str) -> str:
        return f"{reverse('videos:library')}?{urlencode({**self.parameters, parameter: ''})}"

    @cached_property
    def active_filters(self) -> list[ActiveFilter]:
        """Each filter that is set, in words."""
        labels = {
            "q": f"“{self.q}”",
            "status": STATUSES.get(self.status, ""),
            "model": self.model,
            "size": format_size(self.size),
            "seconds": f"{self.seconds} s",
            "tag": f"#{self.tag}",
            "reference": "With one reference image",
            "favourite": "Favourites",
            "since": f"From {self.since:%-d %b %Y}" if self.since else "",
            "until": f"Until {self.until:%-d %b %Y}" if self.until else "",
        }
        return [
            ActiveFilter(label, replace(self, **{name: _EMPTY[name]}).address)
            for name, label in labels.items()
            if getattr(self, name)
        ]

    def matches(self, owner: User, *, exclude: Iterable[str] = ()) -> VideoQuerySet:
        """Return the owner's videos that fit, without the trash; filters in `exclude` are not applied."""
        rows = Video.objects.owned_by(owner).not_trashed().search(self.q)
        if self.since:
            rows = rows.filter(created_at__gte=_midnight(self.since))
        if self.until and self.until < date.max:
            rows = rows.filter(created_at__lt=_midnight(self.until + timedelta(days=1)))
        if self.status and "status" not in exclude:
            rows = rows.with_status(self.status)
            rows = rows.exclude(_NEEDS_DECISION) if self.status == "queued" else rows
        conditions = {
            "model": Q(model=self.model),
            "size": Q(size=self.size),
            "seconds": Q(seconds=(self.seconds or 0) - F("source_seconds")),
            "reference": Q(reference__public_id=self.reference)
            | Q(last_frame__public_id=self.reference)
            | Q(pk__in=VideoReference.objects.filter(image__public_id=self.reference).values("video")),
            "favourite": Q(favourite=True),
        }
        for name, condition in conditions.items():
            if getattr(self, name) and name not in exclude:
                rows = rows.filter(condition)
        if self.tag and "tag" not in exclude:
            rows = rows.filter(tags__in=self._tag_ids(owner))
        return rows

    def _tag_ids(self, owner: User) -> list[int]:
        """Return the id of the tag asked for, or none. A list, so that the database plans for one value."""
        tags = Tag.objects.filter(owner=owner).filter(Q(name=self.tag) | Q(name__iexact=self.tag))
        return list(tags.order_by().values_list("pk", flat=True)[:1])


_EMPTY = vars(Search())
_NEEDS_DECISION = Q(state=State.UNCERTAIN, due_at=None)


def video_url(request: Request, video: Video) -> str:
    """Return the address of the video's page, with the search that came with the request."""
    return video.get_absolute_url() + Search.from_request(request).query


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


# --- Facets ------------------------------------------------------------------------------------------------


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
        _facet(search, "status", "Status", "Any status", counts["status"], STATUSES),
        _facet(search, "model", "Model", "Any model", counts["model"]),
        _facet(search, "size", "Resolution", "Any resolution", counts["size"]),
        _facet(search, "seconds", "Duration", "Any duration", counts["seconds"]),
        _facet(search, "tag", "Tag", "Any tag", _tag_counts(search, owner)),
    ]
    return FacetCounts(total, facets, counts["favourite"][True], sum(number for _, number in cells))


def _cube_cells(search: Search, owner: User) -> Iterable[tuple[dict[str, Any], int]]:
    """Yield each combination of values of the dimensions, with how many videos have it."""
    rows = search.matches(owner, exclude=_DIMENSIONS).order_by()
    others = [state for state in State if state != State.UNCERTAIN]
    for state, *values, number in _count_cells(rows.filter(state__in=others), F("state")):
        yield _cell(public_status(state), *values), number
    is_waiting = ExpressionWrapper(Q(due_at=None), output_field=BooleanField())
    for waits, *values, number in _count_cells(rows.filter(state=State.UNCERTAIN), is_waiting):
        yield _cell(NEEDS_DECISION if waits else "queued", *values), number


def _count_cells(rows: VideoQuerySet, status: Combinable) -> QuerySet[Video, tuple[Any, ...]]:
    columns = ("cell_status", "model", "size", "source_seconds", "seconds", "favourite")
    return rows.annotate(cell_status=status).values_list(*columns).annotate(number=Count("*"))


def _cell(status: str, model: str, size: str, before: int, seconds: int, favourite: bool) -> dict[str, Any]:
    return dict(zip(_DIMENSIONS, (status, model, size, before + seconds, favourite), strict=True))


def _tag_counts(search: Search, owner: User) -> Counter[Any]:
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
    labels: Mapping[str, str] | None = None,
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


def _value_label(name: str, value: Any, labels: Mapping[str, str] | None) -> str:
    if labels is not None:
        return labels[value]
    if name == "seconds":
        return f"{value} s"
    return format_size(value) if name == "size" else str(value)
