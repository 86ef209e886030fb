"""Requests that wait for a manager's approval, as programs follow them."""

from typing import Annotated, Any, Literal, cast

from django.urls import reverse
from ninja import Router, Schema
from pydantic import Field

from billing.money import plain_amount
from videos.api.errors import ApiError, not_found
from videos.api.rest import parameters
from videos.api.rest.api import Request
from videos.api.rest.create import refuse_fields
from videos.api.rest.schemas import Refusal
from videos.models import ApprovalRequest, ApprovalState
from videos.services.approvals import may_decide, withdraw
from videos.validation import is_public_id

_ERRORS = frozenset({400, 401, 403, 404, 405, 409, 422, 429, 500, 503})

router = Router()

State = Literal["waiting", "approved", "declined", "withdrawn", "expired", "failed"]


class ApprovalOut(Schema):
    """A request that waits for approval, or waited. Nothing is paid while it does."""

    object: Annotated[Literal["approval"], Field(description="Always `approval`.")] = "approval"
    id: str = Field(description="Its id.", examples=["approval_0123456789abcdef0123456789abcdef"])
    url: str = Field(description="Where its state can be asked for.")
    state: State = Field(
        description="`failed`: it was approved, and could not be made any more. `problem` says why, nothing"
        " was paid, and it may be asked for again.",
        examples=["waiting"],
    )
    price: str = Field(description="What it costs, and the most that is paid once it is approved.")
    videos: int = Field(description="How many videos it is.", examples=[1])
    requested_at: int = Field(description="Unix time, in seconds.")
    expires_at: int = Field(description="Until when it waits. Unix time, in seconds.")
    note: str = Field(description="The word of whoever decided.")
    problem: str = Field(description="Why it could not be made though it was approved.")
    video_id: str | None = Field(description="The first video that was made; null before.")


def serialize_approval(request: Request, approval: ApprovalRequest) -> ApprovalOut:
    """Return the approval as the API shows it."""
    is_over = approval.state == ApprovalState.WAITING and not approval.is_waiting
    return ApprovalOut(
        id=approval.public_id,
        url=request.build_absolute_uri(reverse("api:approval", args=[approval.public_id])),
        state=cast(State, ApprovalState.EXPIRED.value if is_over else approval.state),
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
