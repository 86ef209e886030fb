"""What every page may draw beside its own content."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.roles import may_manage
from videos.capabilities import backend_status
from videos.engine import heartbeat
from videos.models import ApprovalRequest, Backend
from videos.services import candidates
from videos.services.characters import can_use_characters
from videos.services.queue_notice import QueueNotice, read_notice


def studio(request: HttpRequest) -> dict[str, object]:
    """Add the status of the backends, those that are paused, one's queue, and whether there are characters.

    All of it is lazy: most answers are fragments, which ask the database for none of it.
    """
    in_use = cache(Backend.objects.in_use)
    own_queue = SimpleLazyObject(lambda: _read_queue(request))
    return {
        "backend_status": SimpleLazyObject(lambda: backend_status(in_use())),
        "has_characters": SimpleLazyObject(lambda: can_use_characters(request.user.pk, in_use())),
        "stalled_roles": SimpleLazyObject(heartbeat.stalled_roles),
        "paused_backends": SimpleLazyObject(lambda: list(Backend.objects.paused())),
        "videos_for_staff": SimpleLazyObject(lambda: list(candidates.videos_for_staff()[:100])),
        "approve_above": settings.APPROVE_PRICE_ABOVE,
        "approvals_to_decide": SimpleLazyObject(lambda: _count_to_decide(request)),
        "own_queue": own_queue,
        "hold": SimpleLazyObject(lambda: own_queue.hold),
    }


def _read_queue(request: HttpRequest) -> QueueNotice:
    user = request.user
    return read_notice(user) if isinstance(user, User) else QueueNotice()


def _count_to_decide(request: HttpRequest) -> int:
    """Return how many requests wait for a decision that the user may make."""
    user = request.user
    if not isinstance(user, User) or not may_manage(user):
        return 0
    return ApprovalRequest.objects.waiting().count()
