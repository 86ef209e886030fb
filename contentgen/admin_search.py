"""The search of the admin, which means the same as everywhere (`contentgen.text_search`)."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from contentgen.text_search import SearchTerms, find_matches, parse_search

Row = TypeVar("Row", bound=Model)

MAX_READ = 20_000  # rows
_OWNER = "owner__username"


class SmallTableSearch(admin.ModelAdmin[Row]):
    """Searches `search_fields` by reading them all: for tables of people, tokens and models. Of a table that
    is larger the newest `MAX_READ` rows are read.
    """

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        terms = parse_search(search_term)
        if not terms:
            return queryset, False
        newest = queryset.filter(pk__in=queryset.order_by("-pk").values("pk")[:MAX_READ])
        keys = find_matches(terms, _texts(newest, list(self.get_search_fields(request))))
        return queryset.filter(pk__in=keys), False


class FoldedSearch(admin.ModelAdmin[Row]):
    """Searches `search_fields`, of which `search_text` and `owner__username` are compared folded.

    The others are ids, codes and what backends said, which stand there as a program wrote them.
    """

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        terms, names = parse_search(search_term), self.get_search_fields(request)
        owners = list(_texts(_people(queryset), ["username"])) if terms and _OWNER in names else []
        for term in terms.required:
            queryset = queryset.filter(_contains(term, names, owners))
        for term in terms.excluded:
            queryset = queryset.exclude(_contains(term, names, owners))
        return queryset, False


def _contains(term: str, names: Sequence[str], owners: list[tuple[int, str]]) -> Q:
    condition = Q(owner__in=find_matches(SearchTerms((term,)), owners))
    for name in names:
        if name != _OWNER:
            lookup = "contains" if name == "search_text" else "icontains"
            condition |= Q(**{f"{name}__{lookup}": term})
    return condition


def _people(queryset: QuerySet[Any]) -> QuerySet[Any]:
    owner = queryset.model._meta.get_field("owner").related_model
    people: QuerySet[Any] = owner._default_manager.all()
    return people


def _texts(queryset: QuerySet[Any], names: list[str]) -> Iterator[tuple[int, str]]:
    for key, *values in queryset.order_by().values_list("pk", *names):
        yield key, " ".join(str(value) for value in values if value is not None)
