"""The search of the admin, which means the same as everywhere (`contentgen.text_search`)."""

from collections.abc import Iterator
from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from contentgen.text_search import find_matches, search_words

Row = TypeVar("Row", bound=Model)

_OWNER = "owner__username"


class SmallTableSearch(admin.ModelAdmin[Row]):
    """Searches `search_fields` by reading them all: for tables of people, tokens and models."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        words = search_words(search_term)
        if not words:
            return queryset, False
        keys = find_matches(words, _texts(queryset, list(self.get_search_fields(request))))
        return queryset.filter(pk__in=keys), False


class FoldedSearch(admin.ModelAdmin[Row]):
    """Searches `search_fields`, of which `search_text` and `owner__username` are compared folded.

    The others are ids, codes and what backends said, which stand there as a program wrote them.
    """

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        words, names = search_words(search_term), self.get_search_fields(request)
        owners = list(_texts(_people(queryset), ["username"])) if words and _OWNER in names else []
        for word in words:
            condition = Q(owner__in=find_matches([word], owners))
            for name in names:
                if name != _OWNER:
                    lookup = "contains" if name == "search_text" else "icontains"
                    condition |= Q(**{f"{name}__{lookup}": word})
            queryset = queryset.filter(condition)
        return queryset, False


def _people(queryset: QuerySet[Any]) -> QuerySet[Any]:
    owner = queryset.model._meta.get_field("owner").related_model
    people: QuerySet[Any] = owner._default_manager.all()
    return people


def _texts(queryset: QuerySet[Any], names: list[str]) -> Iterator[tuple[int, str]]:
    for key, *values in queryset.order_by().values_list("pk", *names):
        yield key, " ".join(str(value) for value in values if value is not None)
