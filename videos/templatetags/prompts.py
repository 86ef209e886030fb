"""Template filters that draw prompt templates."""

from dataclasses import dataclass

from django import template
from django.templatetags.static import static

from videos.models import PromptTemplate
from videos.prompts.posters import POSTER_FOLDER, poster_sizes

register = template.Library()


@dataclass(frozen=True)
class Poster:
    """A picture as a page draws it, with its sides in pixels."""

    url: str
    width: int
    height: int


@register.filter
def poster(prompt_template: PromptTemplate) -> Poster | None:
    """Return the template's picture; None when it names none, or one that is not there."""
    size = poster_sizes().get(prompt_template.picture)
    return Poster(static(f"{POSTER_FOLDER}/{prompt_template.picture}.webp"), *size) if size else None
