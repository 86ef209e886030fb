"""The search of the library, as its address holds it: whose videos, words, filters and an order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.formats import format_day
from accounts.models import User
from contentgen.text_search import MAX_QUERY_LENGTH
from videos.models import Collection, State, Tag, Video, VideoReference
from videos.models.keyset import KeysetOrder, RareFirstOrder
from videos.models.state import NEEDS_DECISION
from videos.models.tag import TAG_LIMIT
from videos.models.video import MAX_RATING
from videos.models.video_queries import VideoQuerySet
from videos.templatetags.studio import format_size
from videos.views.access import Request
from videos.views.date_headings import Moment

STATUSES: dict[str, StrOrPromise] = {
    NEEDS_DECISION: gettext_lazy("Needs attention"),
    "queued": gettext_lazy("Queued"),
    "in_progress": gettext_lazy("In progress"),
    "completed": gettext_lazy("Completed"),
    "failed": gettext_lazy("Failed"),
    "canceled": gettext_lazy("Canceled"),
}


# The least that videos are rated.
RATINGS: dict[int, StrOrPromise] = {
    5: gettext_lazy("5 stars"),
    4: gettext_lazy("4 stars or more"),
    3: gettext_lazy("3 stars or more"),
    2: gettext_lazy("2 stars or more"),
    1: gettext_lazy("Rated"),
}

# Whose videos a search is about, beside one's own.
SCOPES: dict[str, StrOrPromise] = {"shared": gettext_lazy("Shared with me"), "team": gettext_lazy("Team")}


@dataclass(frozen=True)
class SortOption:
    """An order to choose, and what the links to the page before and after are called in it.

    `moment` is the time by which the videos are in order, None in an order that is not one of time.
    """

    label: StrOrPromise
    previous_label: StrOrPromise
    next_label: StrOrPromise
    order: KeysetOrder
    moment: Moment | None = None


def _created_at(video: Video) -> datetime:
    return video.created_at


_NEWER, _OLDER = gettext_lazy("Newer"), gettext_lazy("Older")
_BEST_FIRST = RareFirstOrder(Coalesce(F("rating"), 0), column="rating")
SORTS = {
    "newest": SortOption(gettext_lazy("Newest first"), _NEWER, _OLDER, KeysetOrder(), _created_at),
    "oldest": SortOption(
        gettext_lazy("Oldest first"), _OLDER, _NEWER, KeysetOrder(descending=False), _created_at
    ),
    "longest": SortOption(
        gettext_lazy("Longest first"),
        gettext_lazy("Longer"),
        gettext_lazy("Shorter"),
        KeysetOrder(F("source_seconds") + F("seconds")),
    ),
    "best": SortOption(
        gettext_lazy("Best first"),
        gettext_lazy("Better"),
        gettext_lazy("Less good"),
        _BEST_FIRST,
    ),
    # What has not finished stands where it was made.
    "finished": SortOption(
        gettext_lazy("Recently finished"),
        _NEWER,
        _OLDER,
        KeysetOrder(Coalesce(F("finished_at"), F("created_at"))),
        lambda video: video.finished_at or video.created_at,
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
    rating = forms.IntegerField(min_value=1, max_value=MAX_RATING, required=False)
    takes = forms.UUIDField(required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    sort = forms.ChoiceField(choices=[(name, name) for name in SORTS], required=False)
    start = forms.DateField(required=False)
    scope = forms.ChoiceField(choices=[(name, name) for name in SCOPES], required=False)
    collection = forms.SlugField(max_length=64, required=False)


@dataclass(frozen=True)
class ActiveFilter:
    """A filter that is set, in words, and the address without it."""

    label: StrOrPromise
    remove_url: str


@dataclass(frozen=True)
class Search:
    """What is asked for. `reference` is the id of an image that videos were made with, `rating` the least
    that they are rated, `takes` the group whose takes they are; `since` and `until` are whole days, both
    included, in the studio's time zone.

    It is about one's own videos, unless there is a `scope`, or a `collection` by its id, which goes first.
    A page may begin at the day `start` instead of the first video, which leaves what is asked for as it is.
    Favourites, tags and reference images are one's own also there: those of others are nobody else's.
    """

    q: str = ""
    status: str = ""
    model: str = ""
    size: str = ""
    seconds: int | None = None
    tag: str = ""
    reference: str = ""
    favourite: bool = False
    rating: int | None = None
    takes: UUID | None = None
    since: date | None = None
    until: date | None = None
    sort: str = ""
    scope: str = ""
    collection: str = ""
    start: date | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, Any]) -> "Search":
        """Read the query of an address. Never raises: what makes no sense is left out."""
        form = SearchForm(query)
        form.is_valid()
        search = cls(**{name: value for name, value in form.cleaned_data.items() if value})
        return replace(
            search,
            sort="" if search.sort == "newest" else search.sort,
            scope="" if search.collection else search.scope,
        )

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
        parts = {name: value for name, value in vars(self).items() if name in _ASKED and value}
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
    def is_own(self) -> bool:
        """Whether it is about one's own videos alone."""
        return not (self.scope or self.collection)

    @property
    def hint(self) -> str:
        """What the field for the words is called."""
        return gettext("Search your prompts") if self.is_own else gettext("Search prompts")

    @property
    def page(self) -> str:
        """The address of the page that it is about, without what is asked for there."""
        if self.collection:
            return reverse("videos:collection", args=[self.collection])
        return reverse("videos:library")

    @property
    def address(self) -> str:
        return self._address(self.page_parameters)

    @property
    def clear_url(self) -> str:
        """The address of the same videos with no filter set."""
        return replace(Search(), scope=self.scope, collection=self.collection).address

    @property
    def page_parameters(self) -> dict[str, str]:
        """What is asked for beyond what the path of the page says."""
        return {name: value for name, value in self.parameters.items() if name != "collection"}

    def _address(self, parameters: Mapping[str, str]) -> str:
        return f"{self.page}?{urlencode(parameters)}" if parameters else self.page

    @property
    def next_url(self) -> str:
        """The address of the page after a cursor, up to that cursor."""
        return self._page_url("below")

    @property
    def previous_url(self) -> str:
        """The address of the page before a cursor, up to that cursor."""
        return self._page_url("above")

    def start_url(self, day: date) -> str:
        """Return the address of the page that begins at that day."""
        return self._page_url("start") + day.isoformat()

    def _page_url(self, parameter: str) -> str:
        return self._address({**self.page_parameters, parameter: ""})

    @cached_property
    def active_filters(self) -> list[ActiveFilter]:
        """Each filter that is set, in words."""
        labels: dict[str, StrOrPromise] = {
            "q": f"“{self.q}”",
            "status": STATUSES.get(self.status, ""),
            "model": self.model,
            "size": format_size(self.size),
            "seconds": f"{self.seconds} s",
            "tag": f"#{self.tag}",
            "reference": gettext("With one reference image"),
            "favourite": gettext("Favourites"),
            "rating": RATINGS.get(self.rating or 0, ""),
            "takes": gettext("Takes of one prompt"),
            "since": gettext("From %(day)s") % {"day": format_day(self.since)},
            "until": gettext("Until %(day)s") % {"day": format_day(self.until)},
        }
        return [
            ActiveFilter(label, replace(self, **{name: _EMPTY[name]}).address)
            for name, label in labels.items()
            if getattr(self, name)
        ]

    def matches(self, person: User, *, exclude: Iterable[str] = ()) -> VideoQuerySet:
        """Return the videos in scope that fit, without the trash; filters in `exclude` are not applied."""
        rows = self._in_scope(person).not_trashed().search(self.q)
        if self.since:
            rows = rows.filter(created_at__gte=midnight(self.since))
        if self.until and self.until < date.max:
            rows = rows.filter(created_at__lt=midnight(self.until + timedelta(days=1)))
        if self.status and "status" not in exclude:
            rows = rows.with_status(self.status)
            rows = rows.exclude(_NEEDS_DECISION) if self.status == "queued" else rows
        for name, condition in self._conditions(person).items():
            if getattr(self, name) and name not in exclude:
                rows = rows.filter(condition)
        if self.tag and "tag" not in exclude:
            rows = rows.filter(tags__in=self._tag_ids(person))
        return rows

    def _in_scope(self, person: User) -> VideoQuerySet:
        if self.collection:
            found = Collection.objects.visible_to(person).filter(public_id=self.collection)
            return Video.objects.in_collection(found.order_by().values_list("pk", flat=True).first())
        match self.scope:
            case "shared":
                return Video.objects.shared_with(person)
            case "team":
                return Video.objects.of_team(person)
        return Video.objects.owned_by(person)

    def _conditions(self, person: User) -> dict[str, Q]:
        """Return what each filter but status and tag asks for."""
        guided = VideoReference.objects.filter(image__public_id=self.reference, image__owner=person)
        image = {"public_id": self.reference, "owner": person}
        return {
            "model": Q(model=self.model),
            "size": Q(size=self.size),
            "seconds": Q(seconds=(self.seconds or 0) - F("source_seconds")),
            "reference": Q(**{f"reference__{name}": value for name, value in image.items()})
            | Q(**{f"last_frame__{name}": value for name, value in image.items()})
            | Q(pk__in=guided.values("video")),
            "favourite": self.is_favourite(person),
            "rating": Q(rating__gte=self.rating or 0),
            "takes": Q(take_group=self.takes),
        }

    def is_favourite(self, person: User) -> Q:
        """Return the condition for the person's favourites; others' are nobody else's business."""
        return Q(favourite=True) if self.is_own else Q(favourite=True, owner=person)

    def _tag_ids(self, owner: User) -> list[int]:
        """Return the id of the tag asked for, or none. A list, so that the database plans for one value."""
        tags = Tag.objects.filter(owner=owner).filter(Q(name=self.tag) | Q(name__iexact=self.tag))
        return list(tags.order_by().values_list("pk", flat=True)[:1])


_EMPTY = vars(Search())
_ASKED = set(_EMPTY) - {"start"}
_NEEDS_DECISION = Q(state=State.UNCERTAIN, due_at=None)


def video_url(request: Request, video: Video) -> str:
    """Return the address of the video's page, with the search that came with the request."""
    return video.get_absolute_url() + Search.from_request(request).query


def midnight(day: date) -> datetime:
    """Return when the day begins in the active time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
