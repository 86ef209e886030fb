"""A column that holds other columns of its row as searches compare them."""

from typing import Any

from django.db import models
from django.db.models import Q

from contentgen.text_search import SearchTerms, fold, parse_search


class SearchTextField(models.TextField[str, str]):
    """The columns named `sources`, folded; written whenever the row is saved or created in bulk.

    `QuerySet.update` does not come by here: whoever changes a source that way sets this column too, to
    `folded_text` of it.
    """

    def __init__(self, *sources: str, **options: Any) -> None:
        self.sources = sources
        super().__init__(**{"blank": True, "default": "", "editable": False, **options})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, arguments, options = super().deconstruct()
        # Migrations need no more than the column.
        return name, "django.db.models.TextField", list(arguments), options

    def pre_save(self, row: models.Model, add: bool) -> str:
        text = folded_text(*(getattr(row, name) for name in self.sources))
        setattr(row, self.attname, text)
        return text


def folded_text(*texts: str) -> str:
    """Return what the column holds for these texts."""
    return fold(" ".join(texts))


def contains_words(query: str) -> Q:
    """Return the condition for rows whose `search_text` is what the query asks for. For tables of some size:
    videos have an index (`videos.models.video_search`).
    """
    return has_terms(parse_search(query))


def has_terms(terms: SearchTerms) -> Q:
    """Return the condition for rows with a `search_text` that fits the terms."""
    return Q(
        *(Q(search_text__contains=term) for term in terms.required),
        *(~Q(search_text__contains=term) for term in terms.excluded),
    )
