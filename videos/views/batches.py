"""Batches: all of them, one of them as it runs, and what its owner decides about it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HTMX_STOP_POLLING

from billing.budgets import statuses_for, tightest
from billing.errors import ApprovalRequiredError, BudgetExceededError, RefusedPaymentError
from billing.spender import ANY_PRICE, spending
from contentgen.stored_texts import translated
from videos.models import ApprovalRequest, Batch, BatchRow, BatchState, RowState, State, Video
from videos.models.keyset import KeysetOrder, take_page
from videos.services import batches as service
from videos.services.batch_approvals import (
    approval_of,
    find_refusal,
    resume_or_ask,
    retry_or_ask,
    start_or_ask,
)
from videos.services.batch_duplicates import describe_repeated, find_repeated_rows
from videos.services.batch_progress import Progress, progress_of, read_progress
from videos.templatetags.failures import total_retry_cost
from videos.validation import is_public_id
from videos.views.access import Request

PAGE_SIZE = 24  # batches
ROWS_SHOWN = 50  # of one batch on a page
_ACROSS = 40  # tiles of the strip in one line
_RUNNING = [State.SUBMITTING, State.UNCERTAIN, State.IN_PROGRESS, State.STORING]
_KEPT = ("kind", "after")  # which rows a page shows, told by its address
_FILTERS = {
    "failed": Q(state=RowState.REFUSED) | Q(video__state=State.FAILED),
    "running": Q(video__state__in=_RUNNING),
    "waiting": Q(state=RowState.WAITING) | Q(video__state=State.QUEUED),
    "done": Q(video__state=State.COMPLETED),
    "canceled": Q(state=RowState.CANCELED) | Q(video__state=State.CANCELED),
}


@dataclass(frozen=True)
class Listed:
    """A batch in the list, with how many of its videos are done and have failed."""

    batch: Batch
    done: int
    failed: int

    @property
    def percent(self) -> int:
        return (self.done + self.failed) * 100 // self.batch.row_count


@require_safe
def batches(request: Request) -> HttpResponse:
    """List one's batches, the newest first; `?below=` goes on after one of them."""
    rows = Batch.objects.owned_by(request.user).with_waiting()
    order = KeysetOrder()
    below = request.GET.get("below", "")
    if is_public_id(below) and (position := order.position_of(rows.filter(public_id=below))):
        rows = order.after(rows, position)
    page, has_more = take_page(order.sort(rows), PAGE_SIZE)
    return render(
        request,
        "videos/batches.html",
        {"batches": _with_counts(page), "next_cursor": page[-1].public_id if has_more else ""},
    )


def _with_counts(page: list[Batch]) -> list[Listed]:
    states = [State.COMPLETED, State.FAILED]
    videos = Video.objects.filter(batch__in=page, state__in=states).order_by()
    counts: dict[int | None, dict[str, int]] = defaultdict(dict)
    for pk, state, count in videos.values_list("batch", "state").annotate(count=Count("pk")):
        counts[pk][state] = count
    return [
        Listed(batch, counts[batch.pk].get(State.COMPLETED, 0), counts[batch.pk].get(State.FAILED, 0))
        for batch in page
    ]


def get_batch(request: Request, public_id: str) -> Batch:
    """Return one's own batch. Raises `Http404` for one that is unknown, or another's."""
    if not is_public_id(public_id):
        raise Http404
    own = Batch.objects.owned_by(request.user).with_waiting().select_related("owner", "token")
    return get_object_or_404(own, public_id=public_id)


@require_safe
def batch(request: Request, public_id: str) -> HttpResponse:
    """Show a batch: before it starts with its prices, then as it runs."""
    found = get_batch(request, public_id)
    return render(request, "videos/batch.html", _context(request, found, read_progress(found)))


# While a batch waits for approval there is nothing to pause.
_AT_WORK = (BatchState.CREATING, BatchState.RUNNING, BatchState.RETRYING)


@require_safe
def progress(request: Request, public_id: str) -> HttpResponse:
    """Return the part of the page that changes: 204 where nothing has since `?seen=`, 286 at the end."""
    found = get_batch(request, public_id)
    now = progress_of(found)
    if request.GET.get("seen") == now.fingerprint(found, approval_of(found)):
        return HttpResponse(status=204)
    response = render(request, "videos/_batch_live.html", _context(request, found, now))
    if not _may_change(found):
        response.status_code = HTMX_STOP_POLLING
    return response


def _may_change(batch: Batch) -> bool:
    """Whether it may change without its owner's doing."""
    is_still = batch.state in (BatchState.READY, BatchState.STOPPED, BatchState.COMPLETED)
    return not is_still or batch.awaits_approval


def _context(request: Request, batch: Batch, progress: Progress) -> dict[str, Any]:
    kind = request.GET.get("kind", "")
    rows, has_more = _take_rows(batch, kind, request.GET.get("after", ""))
    approval = approval_of(batch)
    return {
        "batch": batch,
        "approval": approval,
        **(_context_before_start(batch) if batch.state == BatchState.READY else {}),
        "progress": progress,
        "tiles": [(10 * (n % _ACROSS), 10 * (n // _ACROSS), each) for n, each in enumerate(progress.tiles)],
        "strip_height": 10 * -(-len(progress.tiles) // _ACROSS),
        "seen": progress.fingerprint(batch, approval),
        "polls": _may_change(batch),
        "rows": rows,
        "kind": kind if kind in _FILTERS else "",
        "after": rows[-1].number if has_more else "",
        "is_first_page": not request.GET.get("after"),
        "query": urlencode(
            {name: request.GET[name][:20] for name in ("kind", "after") if name in request.GET}
        ),
        "can_pause": not batch.is_paused and batch.state in _AT_WORK,
        "can_resume": batch.is_paused or (batch.state == BatchState.STOPPED and not batch.awaits_approval),
        "can_cancel": batch.state in (BatchState.CREATING, BatchState.STOPPED, BatchState.RUNNING)
        and progress.counts.get("waiting", 0) > 0,
        "failed_count": progress.by_state.get(State.FAILED, 0),
        "can_retry": batch.state in (BatchState.RUNNING, BatchState.COMPLETED)
        and not batch.awaits_approval
        and progress.by_state.get(State.FAILED, 0) > 0,
    }


def _context_before_start(batch: Batch) -> dict[str, Any]:
    refusal = find_refusal(batch)
    repeated = find_repeated_rows(batch)
    return {
        "budget": tightest(statuses_for(batch.owner)),
        "shortage": refusal.sentence if isinstance(refusal, BudgetExceededError) else "",
        "needs_approval": isinstance(refusal, ApprovalRequiredError),
        "repeated": _describe_repeated(batch, repeated),
    }


def _describe_repeated(batch: Batch, rows: Sequence[BatchRow]) -> str:
    return describe_repeated([_label(row) for row in rows], batch.row_count) if rows else ""


def _label(row: BatchRow) -> str:
    """Return where the row stands, with its key, in the language of the page."""
    return translated(row.place) + row.label.removeprefix(row.place)


def _take_rows(batch: Batch, kind: str, after: str) -> tuple[list[BatchRow], bool]:
    rows = batch.rows.order_by("number").select_related("video__backend")
    if kind in _FILTERS:
        rows = rows.filter(_FILTERS[kind])
    if after.isascii() and after.isdigit():
        rows = rows.filter(number__gt=int(after[:9]))
    return take_page(rows, ROWS_SHOWN)


# --- What its owner decides --------------------------------------------------------------------------------


@require_POST
def start(request: Request, public_id: str) -> HttpResponse:
    """Start it: the page showed the price. With `partly`, as far as the budget goes; with `again`, though
    some of it was requested already.
    """
    found = get_batch(request, public_id)
    is_new = found.state == BatchState.READY and not request.POST.get("again")
    if is_new and (repeated := _describe_repeated(found, find_repeated_rows(found))):
        messages.error(request, f"{repeated} {gettext('It was not started.')}")
        return redirect(found)
    partly = bool(request.POST.get("partly"))
    return _decide(
        request, found, lambda: start_or_ask(found, partly=partly), gettext("This batch was started before.")
    )


@require_POST
def pause(request: Request, public_id: str) -> HttpResponse:
    """Start nothing more of it until its owner goes on."""
    found = get_batch(request, public_id)
    return _decide(request, found, lambda: service.pause_batch(found), gettext("There is nothing to pause."))


@require_POST
def resume(request: Request, public_id: str) -> HttpResponse:
    """Go on with it."""
    found = get_batch(request, public_id)
    return _decide(request, found, lambda: resume_or_ask(found), gettext("It is not paused."))


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST cancels what no backend has been sent. Of one that never started, it is forgotten."""
    found = get_batch(request, public_id)
    if request.method != "POST":
        return render(request, "videos/batch_cancel.html", {"batch": found, "progress": read_progress(found)})
    if found.state == BatchState.READY and service.discard_batch(found):
        messages.success(request, gettext("“%(name)s” was discarded.") % {"name": found})
        return redirect("videos:batches")
    return _decide(
        request, found, lambda: service.cancel_batch(found), gettext("There is nothing left to cancel.")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def retry(request: Request, public_id: str) -> HttpResponse:
    """Retry what has failed: at once where it is free, else after the price was shown."""
    found = get_batch(request, public_id)
    failed = list(service.failed_videos(found).select_related("backend").defer(*service.LONG_FIELDS))
    cost = total_retry_cost(failed)
    if request.method != "POST" or (cost and not request.POST.get("confirmed")):
        return render(request, "videos/batch_retry.html", {"batch": found, "failed": failed, "cost": cost})
    return _decide(request, found, lambda: retry_or_ask(found), gettext("Nothing is left to retry."))


def _decide(
    request: Request, batch: Batch, act: Callable[[], bool | ApprovalRequest], otherwise: str
) -> HttpResponse:
    """Do what the page has shown the price of, and show the batch again, which says what waits."""
    try:
        with spending(token=batch.token, confirmed_price=ANY_PRICE):
            done = act()
        if done is False:
            messages.info(request, otherwise)
    except RefusedPaymentError as error:
        messages.error(request, error.sentence)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(batch)
