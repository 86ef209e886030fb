"""Requests whose price a manager has to approve: the list, a page for each, and the decision."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from billing.budgets import tightest_for
from billing.errors import UnconfirmedPriceError
from billing.spender import read_confirmed_price, spending
from contentgen.stored_texts import translated
from videos.models import ApprovalRequest, ApprovalState
from videos.models.approval_request import NOTE_LIMIT, ApprovalRequestQuerySet
from videos.services import approvals
from videos.services.approvals import DecidedError
from videos.validation import is_public_id
from videos.views.access import Request

_ROWS_SHOWN = 10  # of a batch: what a manager has to see to decide
_LISTED = 50  # of those that wait, and of those that ended


@require_safe
def index(request: Request) -> HttpResponse:
    """List what waits and what ended lately: one's own, and to managers everybody's."""
    rows = _visible(request).for_lists()
    # The oldest first: they have waited longest.
    waiting = list(rows.waiting().order_by("pk")[:_LISTED])
    budgets = tightest_for(approval.owner for approval in waiting) if waiting else {}
    context = {
        "waiting": [(approval, budgets.get(approval.owner_id)) for approval in waiting],
        "waiting_count": rows.waiting().count(),
        "ended": rows.exclude(state=ApprovalState.WAITING).order_by("-decided_at")[:_LISTED],
        "may_decide": approvals.may_decide(request.user),
    }
    return render(request, "videos/approvals.html", context)


@require_safe
def detail(request: Request, public_id: str) -> HttpResponse:
    """Show one request: what is asked for, what it costs, and what was decided."""
    return _draw(request, _get(request, public_id))


@require_POST
def approve(request: Request, public_id: str) -> HttpResponse:
    """Approve it, and make what was asked for. Only managers may."""
    return _decide(request, public_id, approvals.approve)


@require_POST
def decline(request: Request, public_id: str) -> HttpResponse:
    """Decline it, with a word of why. Only managers may."""
    return _decide(request, public_id, approvals.decline)


@require_POST
def withdraw(request: Request, public_id: str) -> HttpResponse:
    """Withdraw one's own request."""
    approval = _get_own(request, public_id)
    if approvals.withdraw(approval):
        messages.success(request, gettext("Request withdrawn."))
    else:
        messages.info(request, gettext("This request had been decided before."))
    return redirect("videos:approvals")


@require_POST
def again(request: Request, public_id: str) -> HttpResponse:
    """Ask once more for what one did not get, at the price of now, which the page has shown."""
    approval = _get_own(request, public_id)
    if not approval.may_be_asked_again:
        messages.info(request, gettext("This request waits already, or was made."))
        return redirect(approval)
    confirmed = read_confirmed_price(request.POST.get("confirm_price", ""))
    try:
        with spending(token=approval.token, confirmed_price=confirmed):
            made = approvals.ask_again(approval)
    except UnconfirmedPriceError as error:
        return _draw(request, approval, price=error)
    except ValidationError as error:
        return _draw(request, approval, errors=error.messages)
    if isinstance(made, ApprovalRequest):
        messages.info(request, approvals.explain_wait(made))
        return redirect(made)
    messages.success(request, gettext("No approval was needed this time. It is being made."))
    return redirect(made[0] if made else approval.batch or "videos:approvals")


def _decide(request: Request, public_id: str, decision: Callable[..., ApprovalRequest]) -> HttpResponse:
    if not approvals.may_decide(request.user):
        raise PermissionDenied
    approval = _get(request, public_id)
    try:
        decided = decision(approval.public_id, request.user, request.POST.get("note", ""))
    except DecidedError as error:
        messages.info(request, str(error))
        return redirect(approval)
    except ValidationError as error:
        return _draw(request, approval, errors=error.messages)
    if decided.state == ApprovalState.FAILED:
        messages.error(
            request, f"{gettext('Nothing was made, and nothing paid.')} {translated(decided.problem)}"
        )
        return redirect(decided)
    done = (
        gettext("Approved. It is being made.")
        if decided.state == ApprovalState.APPROVED
        else gettext("Declined.")
    )
    messages.success(request, done)
    return redirect("videos:approvals")


def _draw(
    request: Request,
    approval: ApprovalRequest,
    *,
    errors: list[str] | None = None,
    price: UnconfirmedPriceError | None = None,
) -> HttpResponse:
    context = {
        "approval": approval,
        "first": (approval.data.get("requests") or [approval.data])[0],
        "images": approval.images.all(),
        "rows": approval.batch.rows.order_by("number")[:_ROWS_SHOWN] if approval.batch else [],
        "budget": tightest_for([approval.owner])[approval.owner_id],
        "is_own": approval.owner_id == request.user.pk,
        "may_decide": approvals.may_decide(request.user),
        "note_limit": NOTE_LIMIT,
        "note": request.POST.get("note", ""),
        "errors": errors or ([price.sentence] if price else []),
        "price_to_confirm": price.price if price else None,
    }
    return render(request, "videos/approval.html", context, status=422 if context["errors"] else 200)


def _visible(request: Request) -> ApprovalRequestQuerySet:
    rows = ApprovalRequest.objects.all()
    return rows if approvals.may_decide(request.user) else rows.owned_by(request.user)


def _get(request: Request, public_id: str) -> ApprovalRequest:
    if not is_public_id(public_id):
        raise Http404
    rows = _visible(request).select_related("owner", "token", "decided_by", "video", "batch")
    approval = rows.filter(public_id=public_id).first()
    if approval is None:
        raise Http404
    return approval


def _get_own(request: Request, public_id: str) -> ApprovalRequest:
    approval = _get(request, public_id)
    if approval.owner_id != request.user.pk:
        raise Http404
    return approval
