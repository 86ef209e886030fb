"""What the address of the library asks for: words, filters and an order, and how many there are of each."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urlsplit

from django import forms
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from accounts.models import User
from videos.models import State, Tag, Video
from videos.models.tag import TAG_LIMIT
from videos.models.video import VideoQuerySet
from videos.templatetags.studio import times
from videos.views.access import Request
from videos.views.pagination import Order

WORDS_LIMIT = 200  # characters
STATUSES = {
    "queued": "Queued",
    "in_progress": "In progress",
    "completed": "Completed",
    "failed": "Failed",
    "canceled": "Canceled",
}


@dataclass(frozen=True)
class Sort:
    """An order to choose, and what its two directions are called on the links between pages."""

    label: str
    up: str
    down: str
    order: Order


SORTS = {
    "newest": Sort("Newest first", "Newer", "Older", Order()),
    "oldest": Sort("Oldest first", "Older", "Newer", Order(descending=False)),
    "longest": Sort("Longest first", "Longer", "Shorter", Order(F("source_seconds") + F("seconds"))),
    # What has not finished stands where it was made.
    "finished": Sort(
        "Recently finished", "Newer", "Older", Order(Coalesce(F("finished_at"), F("created_at")))
    ),
}


class SearchForm(forms.Form):
    """Reads the address. What it cannot read counts as not asked for."""

    q = forms.CharField(max_length=WORDS_LIMIT, required=False)
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
class Chip:
    """An active filter, and the address without it."""

    label: str
    without: str


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """One filter: its values, each with how many videos it would leave beside the other filters."""

    name: str
    label: str
    anything: str
    choices: list[Choice]

    @property
    def is_active(self) -> bool:
        return any(choice.chosen for choice in self.choices)


@dataclass(frozen=True)
class Search:
    """What is asked for. `reference` is the id of the image that videos started from; `since` and `until` are
    whole days, both included, in the studio's time zone.
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
    def of(cls, query: Mapping[str, Any]) -> "Search":
        """Read an address. Never raises: what makes no sense is left out."""
        form = SearchForm(query)
        form.is_valid()
        search = cls(**{name: value for name, value in form.cleaned_data.items() if value})
        return replace(search, sort="" if search.sort == "newest" else search.sort)

    @classmethod
    def around(cls, request: Request) -> "Search":
        """That of the page which the request was made from: of the library, or of a video that was opened
        there. Of any other page it is the one that asks for nothing.
        """
        try:
            page = urlsplit(request.htmx.current_url or request.headers.get("Referer", ""))
            name = resolve(page.path).view_name
        except (Resolver404, ValueError):
            return cls()
        return cls.of(QueryDict(page.query)) if name in ("videos:library", "videos:detail") else cls()

    @property
    def chosen_sort(self) -> Sort:
        return SORTS[self.sort or "newest"]

    @property
    def parameters(self) -> dict[str, str]:
        """As they stand in an address."""
        parts = {name: value for name, value in vars(self).items() if name in self.__match_args__ and value}
        return {name: "1" if value is True else str(value) for name, value in parts.items()}

    @property
    def address(self) -> str:
        return _address(self.parameters)

    @property
    def query(self) -> str:
        """What a link to a video takes along, so that its page knows the way on and back."""
        return f"?{urlencode(self.parameters)}" if self.parameters else ""

    @property
    def below(self) -> str:
        """The address of another page, up to the id to go on from."""
        return _address({**self.parameters, "below": ""})

    @property
    def above(self) -> str:
        return _address({**self.parameters, "above": ""})

    @cached_property
    def chips(self) -> list[Chip]:
        """Each active filter, in words."""
        words = {
            "q": f"“{self.q}”",
            "status": STATUSES.get(self.status, ""),
            "model": self.model,
            "size": times(self.size),
            "seconds": f"{self.seconds} s",
            "tag": f"#{self.tag}",
            "reference": "From one reference image",
            "favourite": "Favourites",
            "since": f"From {self.since:%-d %b %Y}" if self.since else "",
            "until": f"Until {self.until:%-d %b %Y}" if self.until else "",
        }
        return [
            Chip(label, replace(self, **{name: _NOTHING[name]}).address)
            for name, label in words.items()
            if getattr(self, name)
        ]

    def matches(self, owner: User, *, leave_out: Iterable[str] = ()) -> VideoQuerySet:
        """The owner's videos on show that fit; with the filters named in `leave_out` not applied."""
        rows = Video.objects.visible_to(owner).not_trashed()
        for word in self.q.split():
            rows = rows.filter(_has_word(word))
        if self.since:
            rows = rows.filter(created_at__gte=_midnight(self.since))
        if self.until and self.until < date.max:
            rows = rows.filter(created_at__lt=_midnight(self.until + timedelta(days=1)))
        conditions = {
            "status": Q(state__in=[state for state in State if Video(state=state).status == self.status]),
            "model": Q(model=self.model),
            "size": Q(size=self.size),
            "seconds": Q(seconds=(self.seconds or 0) - F("source_seconds")),
            "reference": Q(reference__public_id=self.reference),
            "favourite": Q(favourite=True),
        }
        for name, condition in conditions.items():
            if getattr(self, name) and name not in leave_out:
                rows = rows.filter(condition)
        if self.tag and "tag" not in leave_out:
            rows = rows.filter(tags__in=self._tagged(owner))
        return rows

    def _tagged(self, owner: User) -> list[int]:
        """The id of the tag asked for, or of none. A list, so that the database plans for one value."""
        tags = Tag.objects.filter(owner=owner).filter(Q(name=self.tag) | Q(name__iexact=self.tag))
        return list(tags.order_by().values_list("pk", flat=True)[:1])


_NOTHING = vars(Search())


def video_url(request: Request, video: Video) -> str:
    """The address of the video's page, with the search of the page that the request was made from."""
    return video.get_absolute_url() + Search.around(request).query


def _address(parameters: Mapping[str, str]) -> str:
    path = reverse("videos:library")
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _has_word(word: str) -> Q:
    """Whether the prompt holds the word, in whatever case.

    SQLite, and PostgreSQL in the C locale, fold the case of ASCII alone, so other letters are asked for both
    ways.
    """
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    found = Q()
    for spelling in sorted(spellings):
        found |= Q(prompt__icontains=spelling)
    return found


# --- How many there are of each ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """How many fit, and the filters with the counts of their values."""

    total: int
    facets: list[Facet]
    favourites: int
    counted: int = 0  # videos that were looked at for this


_CUBED = ("status", "model", "size", "seconds", "favourite")


def count(search: Search, owner: User) -> Found:
    """Count what fits, and for each value of each filter what would fit with it.

    Three queries (four with a tag chosen), whatever the number of filters and videos: one groups by all
    filters but the tag at once, and its few hundred rows are added up here.
    """
    cube = list(_cube(search, owner))
    counts = {name: Counter[Any]() for name in _CUBED}
    total = 0
    for cell, number in cube:
        missed = [name for name in _CUBED if getattr(search, name) and cell[name] != getattr(search, name)]
        total += 0 if missed else number
        for name in _CUBED:
            if not missed or missed == [name]:
                counts[name][cell[name]] += number
    facets = [
        _facet(search, "status", "Status", "Any status", counts["status"], STATUSES),
        _facet(search, "model", "Model", "Any model", counts["model"]),
        _facet(search, "size", "Resolution", "Any resolution", counts["size"]),
        _facet(search, "seconds", "Duration", "Any duration", counts["seconds"]),
        _facet(search, "tag", "Tag", "Any tag", _tag_counts(search, owner)),
    ]
    return Found(total, facets, counts["favourite"][True], sum(number for _, number in cube))


def _cube(search: Search, owner: User) -> Iterable[tuple[dict[str, Any], int]]:
    rows = search.matches(owner, leave_out=_CUBED).order_by()
    cells = rows.values_list("state", "model", "size", "source_seconds", "seconds", "favourite")
    for state, model, size, before, seconds, favourite, number in cells.annotate(number=Count("*")):
        values = (Video(state=state).status, model, size, before + seconds, favourite)
        yield dict(zip(_CUBED, values, strict=True)), number


def _tag_counts(search: Search, owner: User) -> Counter[Any]:
    rows = search.matches(owner, leave_out=["tag"]).order_by().filter(tags__isnull=False)
    counted = dict(rows.values_list("tags").annotate(number=Count("*")))
    names = dict(Tag.objects.filter(owner=owner).order_by().values_list("pk", "name"))
    return Counter({names[pk]: number for pk, number in counted.items() if pk in names})


def _facet(
    search: Search,
    name: str,
    label: str,
    anything: str,
    counts: Counter[Any],
    labels: Mapping[str, str] | None = None,
) -> Facet:
    chosen = getattr(search, name)
    values = {*counts, chosen} if chosen else set(counts)
    if labels is not None:
        listed = [value for value in labels if value in values]
    else:
        listed = sorted(values, key=lambda value: value.casefold() if isinstance(value, str) else value)
    return Facet(
        name,
        label,
        anything,
        [
            Choice(str(value), _words(name, value, labels), counts[value], chosen=value == chosen)
            for value in listed
        ],
    )


def _words(name: str, value: Any, labels: Mapping[str, str] | None) -> str:
    if labels is not None:
        return labels[value]
    if name == "seconds":
        return f"{value} s"
    return times(value) if name == "size" else str(value)
