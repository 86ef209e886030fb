"""What videos tell the ledger: who pays for which of them, and how much."""

from collections.abc import Sequence
from decimal import Decimal

from accounts.models import User
from billing import ledger
from billing.budgets import lock_budgets
from billing.ledger import Purchase
from billing.spender import current_spender
from videos.models import Backend, Video
from videos.models.values import Reason
from videos.models.video import RECHECK_CODES


def reserve(videos: Sequence[Video], *, transition: str = "created") -> None:
    """Set aside what the videos, which have one owner, cost; nothing for a backend that is free.

    In the transaction that queues them. Raises `RefusedPaymentError`, and then nothing is to be queued.
    """
    paid = [video for video in videos if video.backend.is_metered]
    if paid:
        ledger.reserve(paid[0].owner, [_purchase(video) for video in paid], transition=transition)


def reserve_again(video: Video, *, transition: str) -> bool:
    """Set aside what one more submission of the video costs. Returns False, having reserved nothing, if its
    state is no longer what it was when it was read.

    Locks the budgets and then the video, as everybody does who needs both. Raises as `reserve` does.
    """
    lock_budgets(video.owner, current_spender().token)
    if not Video.objects.select_for_update().filter(pk=video.pk, state=video.state).first():
        return False
    reserve([video], transition=transition)
    return True


def move_to(video: Video, backend: Backend, price: Decimal | None) -> None:
    """Reserve what a queued video costs at another backend instead of what it costs now.

    Raises `BudgetExceededError` where a higher price does not fit.
    """
    if backend.is_metered:
        purchase = Purchase(video.pk, video.public_id, video.model, backend.pk, backend.name, price)
        ledger.reprice(video.pk, purchase, video.owner, transition="moved")
    else:
        ledger.release(video.pk, transition="moved")


def fail(pk: int, reason: Reason, charged: Decimal | None, *, transition: str) -> None:
    """Account for a job that came to nothing. `charged` is what the backend says it charged all the same."""
    is_charged = Backend.objects.filter(videos=pk, charges_failures=True).exists()
    is_lost = reason.code in RECHECK_CODES  # nothing is known about the job itself
    ledger.fail(pk, charged, transition=transition, is_charged=is_charged, is_lost=is_lost)


def record_surplus_job(pk: int) -> None:
    """Account for a job that a backend has accepted for a video which has moved on without it."""
    ledger.charge_surplus(pk)


def release_unconfirmed(pk: int, attempt: int, *, by: User, note: str) -> bool:
    """Take an unconfirmed charge back, as a person decided. Returns False where there is none any more.

    In a transaction that has locked the video's row.
    """
    return ledger.release_unconfirmed(pk, attempt, by=by, note=note)


def _purchase(video: Video) -> Purchase:
    return Purchase(video.pk, video.public_id, video.model, video.backend_id, video.backend.name, video.price)
