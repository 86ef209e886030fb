"""Requests that wait for a manager's approval, as programs follow them."""

from typing import Any, cast

from django.urls import reverse
from ninja import Router

from billing.money import plain_amount
from videos.api.errors import ApiError, not_found
from videos.api.rest import parameters
from videos.api.rest.api import Request
from videos.api.rest.approval_schemas import ApprovalOut, ApprovalStatus
from videos.api.rest.create import refuse_fields
from videos.api.rest.schemas import Refusal
from videos.models import ApprovalRequest, ApprovalState
from videos.services.approvals import may_decide, withdraw
from videos.validation import is_public_id

_ERRORS = frozenset({400, 401, 403, 404, 405, 409, 422, 429, 500, 503})

router = Router()


def serialize_approval(request: Request, approval: ApprovalRequest) -> ApprovalOut:
    """Return the approval as the API shows it."""
    is_over = approval.state == ApprovalState.WAITING and not approval.is_waiting
    return ApprovalOut(
        id=approval.public_id,
        url=request.build_absolute_uri(reverse("api:approval", args=[approval.public_id])),
        state=cast(ApprovalStatus, ApprovalState.EXPIRED.value if is_over else approval.state),
        price=plain_amount(approval.price),
        videos=approval.count,
        requested_at=int(approval.requested_at.timestamp()),
        expires_at=int(approval.expires_at.timestamp()),
        note=approval.note,
        problem=approval.problem,
        video_id=approval.video.public_id if approval.video else None,
    )


_READING: dict[str, Any] = {"response": {200: ApprovalOut, _ERRORS: Refusal}}


@router.api_operation(["HEAD"], "/approvals/{slug:approval_id}", include_in_schema=False, **_READING)
@router.get("/approvals/{slug:approval_id}", url_name="approval", **_READING)
@parameters.refuse_unknown
def approval(request: Request, approval_id: str) -> ApprovalOut:
    """Return a request of yours that waits for approval, or waited; to managers, anybody's."""
    return serialize_approval(request, _get_approval(request, approval_id))


@router.post("/approvals/{slug:approval_id}/withdraw", response={200: ApprovalOut, _ERRORS: Refusal})
@parameters.refuse_unknown
def withdraw_approval(request: Request, approval_id: str) -> ApprovalOut:
    """Withdraw a request of yours that waits for approval."""
    refuse_fields(request)
    found = _get_approval(request, approval_id)
    if found.owner_id != request.auth.user.pk:
        raise not_found("Approval", approval_id)
    if not withdraw(found):
        raise ApiError(409, "not_possible_now", f"This request does not wait any more: {found.status}.")
    found.refresh_from_db()
    return serialize_approval(request, found)


def _get_approval(request: Request, approval_id: str) -> ApprovalRequest:
    rows = ApprovalRequest.objects.for_lists()
    if not may_decide(request.auth.user):
        rows = rows.owned_by(request.auth.user)
    found = rows.filter(public_id=approval_id).first() if is_public_id(approval_id) else None
    if found is None:
        raise not_found("Approval", approval_id)
    return found
