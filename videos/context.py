"""What every page knows."""

from functools import cache

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from videos import casting, catalogue
from videos.models import Backend


def studio(request: HttpRequest) -> dict[str, object]:
    """Tell the templates what to say about where the pictures come from (`catalogue.standing`).

    The database is asked only by the pages that say it: most answers are fragments.
    """
    in_use = cache(Backend.objects.in_use)
    return {
        "standing": SimpleLazyObject(lambda: catalogue.standing(in_use())),
        "has_characters": SimpleLazyObject(lambda: casting.concerns(request.user.pk, in_use())),
        "resting": SimpleLazyObject(lambda: list(Backend.objects.resting())),
    }
