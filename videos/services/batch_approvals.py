"""Batches whose price a manager has to approve: they wait as they are, and go on once it is approved."""

from django.db import transaction

from billing.errors import RefusedPaymentError
from billing.spender import ANY_PRICE, spending
from videos.models import ApprovalRequest, ApprovalState, Batch, BatchState
from videos.services.approvals import create_or_ask
from videos.services.batches import require_startable, resume_batch
from videos.services.paid_requests import BatchAct, BatchChangedError, BatchRequest


def start_or_ask(batch: Batch, *, partly: bool = False) -> bool | ApprovalRequest:
    """Start the batch; where a manager has to approve its price, have it wait.

    Returns what waits, or whether it started. Raises as `start_batch` does.
    """
    return _act(batch, BatchAct.START, partly=partly)


def resume_or_ask(batch: Batch) -> bool | ApprovalRequest:
    """Go on with the batch, as `start_or_ask` starts it. Raises as `resume_batch` does."""
    if batch.state != BatchState.STOPPED:
        return resume_batch(batch)  # what it costs was agreed to
    return _act(batch, BatchAct.RESUME)


def retry_or_ask(batch: Batch) -> bool | ApprovalRequest:
    """Retry what has failed of the batch, as `start_or_ask` starts it. Raises as `retry_failed` does."""
    return _act(batch, BatchAct.RETRY)


def _act(batch: Batch, act: BatchAct, *, partly: bool = False) -> bool | ApprovalRequest:
    try:
        made = create_or_ask(batch.owner, BatchRequest(batch, act, partly))
    except BatchChangedError:
        return False
    return made if isinstance(made, ApprovalRequest) else True


def find_refusal(batch: Batch) -> RefusedPaymentError | None:
    """Return why all of the batch would not be paid for now, if its owner started it; None if it would."""
    with transaction.atomic(), spending(token=batch.token, confirmed_price=ANY_PRICE):
        try:
            require_startable(batch)
        except RefusedPaymentError as error:
            return error
    return None


def approval_of(batch: Batch) -> ApprovalRequest | None:
    """Return what the batch waits for, or what was not approved; None where neither concerns it now.

    A refusal concerns a batch until it starts, or something else is asked for.
    """
    latest = batch.approval_requests.for_lists().first()
    if latest is None or latest.state == ApprovalState.APPROVED:
        return None
    if not latest.is_waiting and batch.started_at and batch.started_at > latest.requested_at:
        return None
    return latest
