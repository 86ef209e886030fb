"""How prompt templates are drawn."""

from dataclasses import dataclass

from django import template
from django.templatetags.static import static

from videos.models import PromptTemplate
from videos.prompts.posters import POSTER_FOLDER, poster_sizes

register = template.Library()


@dataclass(frozen=True)
class Poster:
    """A picture for a page, its sides in pixels."""

    url: str
    width: int
    height: int


@register.filter
def poster(chosen: PromptTemplate) -> Poster | None:
    """The template's picture; None when it names none, or one that is not there."""
    size = poster_sizes().get(chosen.picture)
    return Poster(static(f"{POSTER_FOLDER}/{chosen.picture}.webp"), *size) if size else None
