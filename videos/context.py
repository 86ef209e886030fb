"""What every page knows."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from videos import catalogue
from videos.models import Backend


def studio(request: HttpRequest) -> dict[str, object]:
    """Tell the templates what to say about where the pictures come from (`catalogue.standing`).

    The database is asked only by the pages that say it: most answers are fragments.
    """
    return {
        "standing": SimpleLazyObject(lambda: catalogue.standing(Backend.objects.in_use())),
        "resting": SimpleLazyObject(lambda: list(Backend.objects.resting())),
    }
