"""What every page knows."""

from collections.abc import Iterable
from functools import cache

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from videos import casting, catalogue
from videos.models import Backend, Character


def studio(request: HttpRequest) -> dict[str, object]:
    """Tell the templates what to say about where the pictures come from (`catalogue.standing`).

    The database is asked only by the pages that say it: most answers are fragments.
    """
    in_use = cache(Backend.objects.in_use)
    return {
        "standing": SimpleLazyObject(lambda: catalogue.standing(in_use())),
        "has_characters": SimpleLazyObject(lambda: _has_characters(request, in_use())),
        "resting": SimpleLazyObject(lambda: list(Backend.objects.resting())),
    }


def _has_characters(request: HttpRequest, in_use: Iterable[Backend]) -> bool:
    """Whether the way to the characters leads anywhere for this person."""
    mine = Character.objects.filter(owner=request.user.pk, deleted_at=None)
    return bool(casting.backends(in_use)) or mine.exists()
