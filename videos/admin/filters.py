"""Filters of the video list. None reads all videos to know its choices, or lists ten thousand people."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import ValidationError
from django.db.models import ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models import User
from billing.money import currency_symbol, parse_amount
from contentgen.text_search import parse_search
from videos.models import IN_FLIGHT, Backend, Collection, CollectionItem, State, Video, VideoModel
from videos.models.search_text import contains_words
from videos.services.candidates import videos_for_staff

MAX_CHOICES = 40  # of one filter; what is beyond can be typed into the address or searched for
_MAX_KEYS = 1_000  # of videos, in one query
_MAX_FOUND = 8  # people or collections that fit what was typed

Found = list[tuple[str, str]]


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, StrOrPromise]]:
        return [
            ("in_flight", gettext("In flight")),
            ("needs_decision", pgettext("anybody's", "Needs attention")),
            ("needs_staff", gettext("Needs attention of staff")),
            *State.choices,
            ("trashed", gettext("In the trash")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        value = self.value()
        if value == "in_flight":
            return queryset.filter(state__in=IN_FLIGHT)
        if value == "needs_decision":
            return queryset.filter(state=State.UNCERTAIN, due_at=None)
        if value == "needs_staff":
            return queryset.filter(pk__in=videos_for_staff().values("pk"))
        if value == "trashed":
            return queryset.filter(trashed_at__isnull=False)
        return queryset.filter(state=value) if value else queryset


class ModelFilter(admin.SimpleListFilter):
    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(VideoModel.objects.order_by("name").values_list("name", "label")[:MAX_CHOICES])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        return queryset.filter(model=self.value()) if self.value() else queryset


class BackendFilter(admin.SimpleListFilter):
    title = _("backend")
    parameter_name = "backend"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = Backend.objects.order_by("name").values_list("pk", "name")[:MAX_CHOICES]
        return [(str(pk), name) for pk, name in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        value = self.value()
        return queryset.filter(backend=int(value)) if value and _is_key(value) else queryset


class ReasonFilter(admin.SimpleListFilter):
    """By error code. The codes that there are come from an index that skips from one to the next."""

    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in _error_codes()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        value = self.value()
        return queryset.exclude(error_code="").filter(error_code=value) if value else queryset


def _error_codes() -> Iterator[str]:
    """Yield the error codes in use, each found by one step in the index."""
    code = ""
    for __ in range(MAX_CHOICES):
        following = Video.objects.exclude(error_code="").filter(error_code__gt=code).order_by("error_code")
        code = following.values_list("error_code", flat=True).first() or ""
        if not code:
            return
        yield code


class _FormFilter(admin.ListFilter):
    """A filter with fields of its own, which are sent as a form beside the other filters."""

    template = "admin/videos/video/form_filter.html"
    fields: tuple[tuple[str, StrOrPromise, str], ...] = ()  # parameter, label, and type of the input
    clear_label: StrOrPromise  # of the link that leaves the filter out

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.problem = ""
        for name, *__ in self.fields:
            if name in params:
                value = params.pop(name)[-1].replace("\x00", "").strip()[:150]
                if value:
                    self.used_parameters[name] = value

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self._parameters)

    @property
    def _parameters(self) -> list[str]:
        return [name for name, *__ in self.fields]

    def value(self, name: str) -> str:
        return str(self.used_parameters.get(name, ""))

    def quick_choices(self) -> list[tuple[dict[str, str], str]]:
        """Return what can be chosen with one click: the parameters, and words for them."""
        return []

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """Yield one: what the template draws."""
        own = self._parameters
        others = {name: values for name, values in changelist.filter_params.items() if name not in own}
        if changelist.query:
            others["q"] = [changelist.query]
        yield {
            "inputs": [(name, label, kind, self.value(name)) for name, label, kind in self.fields],
            "others": [
                (name, value) for name, values in others.items() for value in values if name != PAGE_VAR
            ],
            "quick": [
                (changelist.get_query_string(chosen, own), words, self._is_chosen(chosen))
                for chosen, words in self.quick_choices()
            ],
            "clear": changelist.get_query_string({}, own) if self.used_parameters else "",
            "clear_label": self.clear_label,
            "problem": self.problem,
        }

    def _is_chosen(self, chosen: dict[str, str]) -> bool:
        return chosen == {name: self.value(name) for name in self._parameters if self.value(name)}


class OwnerFilter(_FormFilter):
    """By the name of a person, or a part of it: then those who fit can be chosen."""

    title = _("owner")
    clear_label = _("Any owner")
    fields = (("owner", _("Name"), "search"),)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        name = self.value("owner")
        if not name:
            return queryset
        people = User.objects.filter(username__iexact=name)
        pks = list(people.values_list("pk", flat=True)[:_MAX_FOUND])
        if not pks:
            self.problem = gettext("Nobody is called “%(name)s”.") % {"name": name}
        return queryset.filter(owner__in=pks)

    def quick_choices(self) -> list[tuple[dict[str, str], str]]:
        name = self.value("owner")
        if not name:
            return []
        found = User.objects.filter(username__icontains=name).exclude(username__iexact=name)
        names = found.order_by("username").values_list("username", flat=True)[:_MAX_FOUND]
        return [({"owner": each}, each) for each in names]


class CollectionFilter(_FormFilter):
    """By the name or id of a collection; where several are called so, one of them can be chosen."""

    title = _("collection")
    clear_label = _("Any collection")
    fields = (("collection", _("Name or ID"), "search"),)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        if not self.value("collection"):
            return queryset
        pks = [each.pk for each in self._named()]
        if not pks:
            self.problem = gettext("No collection has exactly this name.")
        return queryset.filter(pk__in=CollectionItem.objects.filter(collection__in=pks).values("video"))

    def _named(self) -> list[Collection]:
        name = self.value("collection")
        named = Collection.objects.existing().filter(Q(public_id=name) | Q(name__iexact=name))
        return list(named.select_related("owner").order_by("pk")[:_MAX_FOUND])

    def quick_choices(self) -> list[tuple[dict[str, str], str]]:
        name = self.value("collection")
        if not parse_search(name):
            return []
        found = list(
            Collection.objects.existing().filter(contains_words(name)).select_related("owner")[:_MAX_FOUND]
        )
        return [({"collection": each.public_id}, f"{each.name}, {each.owner}") for each in found]


# Wrapped, or its SQL on SQLite is not that of the index `video_cost`, which casts a number twice.
_KNOWN_COST = ExpressionWrapper(Coalesce("charged", "price"), output_field=Video._meta.get_field("price"))


class CostFilter(_FormFilter):
    """By what was charged, or else estimated. What a backend that is free of charge made costs nothing."""

    title = _("cost")
    clear_label = _("Any cost")
    fields = (("cost_from", _("From"), "text"), ("cost_to", _("To"), "text"), ("cost", "", "hidden"))
    _STEPS = (("0.01", "0.1"), ("0.1", "1"), ("1", "10"))

    def quick_choices(self) -> list[tuple[dict[str, str], str]]:
        sign = currency_symbol()
        between = gettext("%(low)s to %(high)s")
        ranges = [
            ({"cost_from": low, "cost_to": high}, between % {"low": f"{sign}{low}", "high": f"{sign}{high}"})
            for low, high in self._STEPS
        ]
        top = ({"cost_from": "10"}, gettext("%(amount)s and more") % {"amount": f"{sign}10"})
        unknown = ({"cost": "unknown"}, gettext("Unknown"))
        return [({"cost": "free"}, gettext("Free")), *ranges, top, unknown]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        if not self.used_parameters:
            return queryset
        free = [backend.pk for backend in Backend.objects.all() if not backend.is_metered]
        priced = queryset.alias(known_cost=_KNOWN_COST)
        if self.value("cost") == "free":
            return priced.filter(Q(known_cost=0) | Q(backend__in=free))
        if self.value("cost") == "unknown":
            return queryset.filter(charged=None, price=None).exclude(backend__in=free)
        low, high = self._amount("cost_from"), self._amount("cost_to")
        if low is None and high is None:
            return queryset
        bounds = Q() if low is None else Q(known_cost__gte=low)
        bounds &= Q() if high is None else Q(known_cost__lte=high)
        keys = _few(Video.objects.alias(known_cost=_KNOWN_COST).filter(bounds))
        charged = queryset.exclude(backend__in=free)
        if keys is not None:
            return charged.filter(pk__in=keys)
        return charged.alias(known_cost=_KNOWN_COST).filter(bounds)

    def _amount(self, name: str) -> Decimal | None:
        if not self.value(name):
            return None
        try:
            return parse_amount(self.value(name))
        except ValidationError as error:
            self.problem = error.messages[0]
            return None


class CreatedFilter(_FormFilter):
    """By the day on which they were asked for, in the studio's time zone or that of the person."""

    title = _("date")
    clear_label = _("Any date")
    fields = (("from", _("From"), "date"), ("to", _("To"), "date"))

    def quick_choices(self) -> list[tuple[dict[str, str], str]]:
        today = timezone.localdate()
        spans = (
            (gettext("Today"), 0, 0),
            (gettext("Yesterday"), 1, 1),
            (gettext("Last 7 days"), 6, 0),
            (gettext("Last 30 days"), 29, 0),
        )
        return [
            (
                {
                    "from": (today - timedelta(days=first)).isoformat(),
                    "to": (today - timedelta(days=last)).isoformat(),
                },
                words,
            )
            for words, first, last in spans
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        first, last = self._day("from"), self._day("to")
        if first and last and first > last:
            self.problem = gettext("The first day must not be after the last.")
        if first:
            queryset = queryset.filter(created_at__gte=_midnight(first))
        if last:
            queryset = queryset.filter(created_at__lt=_midnight(last + timedelta(days=1)))
        return queryset

    def _day(self, name: str) -> date | None:
        if not self.value(name):
            return None
        try:
            day = date.fromisoformat(self.value(name))
        except ValueError:
            day = date.min
        if not 1990 <= day.year <= 9000:
            self.problem = gettext("Write days such as 2026-11-30.")
            return None
        return day


class EndedFilter(admin.SimpleListFilter):
    """By when they ended, in the spans that the dashboard and the pages of backends count."""

    title = _("ended")
    parameter_name = "ended"
    _SPANS = {"day": timedelta(hours=24), "week": timedelta(days=7)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("day", gettext("In the last 24 hours")), ("week", gettext("In the last 7 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        span = self._SPANS.get(self.value() or "")
        if span is None:
            return queryset
        since = timezone.now() - span
        keys = _few_that_ended(since)
        return _ended_since(since, queryset) if keys is None else queryset.filter(pk__in=keys)


def _ended_since(since: datetime, videos: QuerySet[Video]) -> QuerySet[Video]:
    ended_at = Coalesce("finished_at", "created_at")
    return videos.exclude(state__in=IN_FLIGHT).alias(ended_at=ended_at).filter(ended_at__gte=since)


def _few_that_ended(since: datetime) -> list[int] | None:
    """Return the keys of the videos that ended since then, found by when they did; None of many.

    What is in the trash and ended since was put there since.
    """
    ended = _ended_since(since, Video.objects.all())
    kept = _few(ended.filter(trashed_at=None, deleted_at=None))
    trashed = _few(ended.filter(trashed_at__gte=since))
    return None if kept is None or trashed is None else [*kept, *trashed]


def _few(videos: QuerySet[Video]) -> list[int] | None:
    """Return the keys of the videos where they are few, found by what they are filtered by; None of many.

    The list goes through all videos from the newest on. That finds a page of many at once, and a few only at
    the end of all.
    """
    keys = list(videos.order_by().values_list("pk", flat=True)[: _MAX_KEYS + 1])
    return keys if len(keys) <= _MAX_KEYS else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _is_key(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 19


FILTERS: tuple[Callable[..., admin.ListFilter] | type[admin.ListFilter] | str, ...] = (
    StateFilter,
    OwnerFilter,
    CreatedFilter,
    EndedFilter,
    ReasonFilter,
    BackendFilter,
    ModelFilter,
    CollectionFilter,
    CostFilter,
    "kind",
)
