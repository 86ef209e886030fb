"""What every page knows."""

from functools import cache

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from videos.capabilities import backend_status
from videos.models import Backend, StudioState
from videos.services.characters import can_use_characters


def studio(request: HttpRequest) -> dict[str, object]:
    """Tell the templates what to say about where the pictures come from (`catalogue.standing`).

    The database is asked only by the pages that say it: most answers are fragments.
    """
    in_use = cache(Backend.objects.in_use)
    return {
        "standing": SimpleLazyObject(lambda: backend_status(in_use())),
        "has_characters": SimpleLazyObject(lambda: can_use_characters(request.user.pk, in_use())),
        "resting": SimpleLazyObject(lambda: list(Backend.objects.paused())),
        "held": SimpleLazyObject(lambda: StudioState.objects.filter(held_at__isnull=False).first()),
    }
