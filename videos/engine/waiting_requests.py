"""How requests that wait for approval end without being made: declined, withdrawn, expired."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from billing.money import format_money, plain_amount
from contentgen.events import Event, EventKind, publish
from videos import subjects
from videos.engine.reference_cleanup import delete_unused_reference
from videos.models import ApprovalRequest, ApprovalState

DEACTIVATED = gettext_noop("The account was deactivated.")
_BATCH_SIZE = 100  # requests ended in one sweep
# One that was approved and could not be made says so in its problem.
_ACTIONS = {
    ApprovalState.APPROVED: Action.APPROVED,
    ApprovalState.FAILED: Action.APPROVED,
    ApprovalState.DECLINED: Action.DECLINED,
    ApprovalState.WITHDRAWN: Action.WITHDRAWN,
    ApprovalState.EXPIRED: Action.EXPIRED,
}


def end(pk: int, state: ApprovalState, *, now: datetime, **changes: Any) -> bool:
    """waiting → `state`, once: returns False if somebody was faster. Its images are kept no longer for it."""
    with transaction.atomic():
        waiting = ApprovalRequest.objects.filter(pk=pk, state=ApprovalState.WAITING)
        if not waiting.update(state=state, decided_at=now, **changes):
            return False
        ended = ApprovalRequest.objects.defer("data").select_related("owner").get(pk=pk)
        record(_ACTIONS[state], subjects.approval(ended), note=_words(ended))
        if state != ApprovalState.WITHDRAWN:  # they know
            publish_decision(ended)
        for image_id in list(ended.images.values_list("pk", flat=True)):
            delete_unused_reference(image_id)
    return True


def _words(ended: ApprovalRequest) -> str:
    """Return what was said when it was decided, and what was in the way then, for the audit log."""
    if ended.note and ended.problem:
        return f"“{ended.note}” {ended.problem}"
    return ended.note or ended.problem


def end_expired() -> int:
    """End the requests whose time is over, a batch at a time. Returns how many they were."""
    now = timezone.now()
    over = ApprovalRequest.objects.filter(state=ApprovalState.WAITING, expires_at__lte=now)
    return _end_all(over.values_list("pk", flat=True)[:_BATCH_SIZE], ApprovalState.EXPIRED, now)


def end_all_of(sender: Any, user: User, **kwargs: Any) -> None:
    """End what somebody waits for who was blocked: nobody is to pay for it by approving it."""
    waiting = ApprovalRequest.objects.filter(owner=user, state=ApprovalState.WAITING)
    pks = waiting.values_list("pk", flat=True)
    _end_all(pks, ApprovalState.WITHDRAWN, timezone.now(), problem=DEACTIVATED)


def _end_all(pks: Iterable[int], state: ApprovalState, now: datetime, **changes: Any) -> int:
    return sum(end(pk, state, now=now, **changes) for pk in list(pks))


def describe(approval: ApprovalRequest) -> dict[str, Any]:
    """Return what events tell of a request."""
    return {
        "path": approval.get_absolute_url(),
        "person": approval.owner.username,
        "prompt": approval.prompt[:200],
        "model": approval.model,
        "videos": approval.count,
        "price": plain_amount(approval.price),
        "price_text": format_money(approval.price),
        "currency": settings.CURRENCY,
        "state": approval.state,
    }


def publish_decision(approval: ApprovalRequest) -> None:
    """Tell whoever asked what became of the request."""
    by = approval.decided_by.username if approval.decided_by else ""
    told = {**describe(approval), "decided_by": by, "note": approval.note, "problem": approval.problem}
    publish(Event(EventKind.APPROVAL_DECIDED, approval.owner_id, approval.public_id, told))
