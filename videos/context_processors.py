"""What every page may draw beside its own content."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.roles import may_manage
from videos.capabilities import backend_status
from videos.engine import heartbeat
from videos.engine.storage_use import StorageUse, quota_of, recent_use
from videos.models import ApprovalRequest, Backend
from videos.services import candidates
from videos.services.characters import can_use_characters
from videos.services.prompt_help_server import prompt_help_server
from videos.services.queue_notice import QueueNotice, read_notice
from videos.services.retention import expiring


def studio(request: HttpRequest) -> dict[str, object]:
    """Add the status of the backends, those that are paused, one's queue and storage, and whether there are
    characters.

    All of it is lazy: most answers are fragments, which ask the database for none of it.
    """
    in_use = cache(Backend.objects.in_use)
    own_queue = SimpleLazyObject(lambda: _read_queue(request))
    use = cache(lambda: recent_use(_user(request)))
    limit = cache(lambda: use() if quota_of(_user(request)) else None)
    return {
        "backend_status": SimpleLazyObject(lambda: backend_status(in_use())),
        "has_characters": SimpleLazyObject(lambda: can_use_characters(request.user.pk, in_use())),
        "prompt_help": SimpleLazyObject(lambda: prompt_help_server(in_use())),
        "stalled_roles": SimpleLazyObject(heartbeat.stalled_roles),
        "paused_backends": SimpleLazyObject(lambda: list(Backend.objects.paused())),
        "videos_for_staff": SimpleLazyObject(lambda: list(candidates.videos_for_staff()[:100])),
        "approve_above": settings.APPROVE_PRICE_ABOVE,
        "approvals_to_decide": SimpleLazyObject(lambda: _count_to_decide(request)),
        "own_queue": own_queue,
        "storage": SimpleLazyObject(use),
        "storage_warning": SimpleLazyObject(lambda: _almost_full(limit())),
        "storage_limit": SimpleLazyObject(limit),
        "has_expiring": SimpleLazyObject(lambda: expiring(_user(request)).exists()),
        "hold": SimpleLazyObject(lambda: own_queue.hold),
    }


def _user(request: HttpRequest) -> User:
    """Return who asks; a stranger stores nothing."""
    return request.user if isinstance(request.user, User) else User()


def _read_queue(request: HttpRequest) -> QueueNotice:
    user = request.user
    return read_notice(user) if isinstance(user, User) else QueueNotice()


def _almost_full(use: StorageUse | None) -> StorageUse | None:
    return use if use is not None and use.is_almost_full else None


def _count_to_decide(request: HttpRequest) -> int:
    """Return how many requests wait for a decision that the user may make."""
    user = request.user
    if not isinstance(user, User) or not may_manage(user):
        return 0
    return ApprovalRequest.objects.waiting().count()
