"""What videos tell the ledger: who pays for which of them, and how much."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext_noop

from accounts.models import User
from billing import ledger
from billing.budgets import lock_budgets
from billing.ledger import Purchase
from billing.money import plain_amount
from billing.spender import current_spender
from contentgen.stored_texts import sentence
from videos.backends.charges import Charge
from videos.models import Backend, Video
from videos.models.values import Reason
from videos.models.video import RECHECK_CODES

_OTHER_CURRENCY = sentence(
    gettext_noop("The backend charged %(amount)s US dollars, and the studio counts in %(currency)s.")
)


def reserve(videos: Sequence[Video], *, transition: str = "created") -> None:
    """Set aside what the videos, which have one owner, cost; nothing for a backend that is free.

    In the transaction that queues them. Raises `RefusedPaymentError`, and then nothing is to be queued.
    """
    paid = [video for video in videos if video.backend.is_metered]
    if paid:
        ledger.reserve(
            paid[0].owner, [_purchase(video, video.price) for video in paid], transition=transition
        )


@dataclass(frozen=True)
class Wanted:
    """A video that is to be paid for, before it exists: its price, None where nobody knows, and the key of
    the collection that it is made in.
    """

    model: str
    backend: str
    price: Decimal | None
    collection_id: int | None = None


def require_payable(owner: User, wanted: Iterable[Wanted]) -> None:
    """Raise `RefusedPaymentError` for what `reserve` would refuse now. Reserves nothing. In a transaction."""
    ledger.require_payable(owner, _purchases(wanted))


def require_agreed(owner: User, wanted: Iterable[Wanted], *, limit: Decimal | None = None) -> None:
    """Raise `RefusedPaymentError` unless the price of all of it is agreed to, whatever is left of budgets.

    More than `limit` needs a manager's approval in any case. Reserves nothing.
    """
    ledger.require_agreed(owner, _purchases(wanted), limit=limit)


def _purchases(wanted: Iterable[Wanted]) -> list[Purchase]:
    return [Purchase(0, "", each.model, 0, each.backend, each.price, each.collection_id) for each in wanted]


def reserve_again(video: Video, estimate: Decimal | None, *, transition: str) -> bool:
    """Set aside what one more submission of the video costs: its price, or the `estimate` if it has none, or
    was made for nothing when its backend was free of charge.

    Returns False, having reserved nothing, if its state is no longer what it was when it was read. Locks
    the budgets and then the video, as everybody does who needs both. Raises as `reserve` does.
    """
    lock_budgets(video.owner, current_spender().token, [video.made_in_id] if video.made_in_id else [])
    if not Video.objects.select_for_update().filter(pk=video.pk, state=video.state).first():
        return False
    if video.backend.is_metered:
        ledger.reserve(video.owner, [_purchase(video, video.price or estimate)], transition=transition)
    return True


def move_to(video: Video, backend: Backend, price: Decimal | None) -> None:
    """Reserve what a queued video costs at another backend instead of what it costs now.

    Raises `BudgetExceededError` where a higher price does not fit.
    """
    if backend.is_metered:
        purchase = _purchase(video, price, backend)
        ledger.reprice(video.pk, purchase, video.owner, transition="moved")
    else:
        ledger.release(video.pk, transition="moved")


def in_studio_currency(charge: Charge) -> Charge:
    """Return a backend's charge, which is in US dollars, as one of the studio; nothing converts.

    Where the studio counts in another currency, an amount is a problem: it adjusts nothing.
    """
    if not charge.amount or settings.CURRENCY == "USD":
        return charge
    named = {"amount": plain_amount(charge.amount), "currency": settings.CURRENCY}
    return Charge(problem=_OTHER_CURRENCY % named)


def fail(pk: int, reason: Reason, charge: Charge, *, transition: str) -> None:
    """Account for a job that came to nothing. `charge` is what the backend says it charged all the same.

    A charge that cannot be read moves no money: what was reserved stays charged, unconfirmed.
    """
    is_charged = Backend.objects.filter(videos=pk, charges_failures=True).exists()
    # Of a job that cannot be asked about any more, nothing is known, and of this one not what it cost.
    is_lost = reason.code in RECHECK_CODES or bool(charge.problem)
    ledger.fail(pk, charge.amount, transition=transition, is_charged=is_charged, is_lost=is_lost)


def record_surplus_job(pk: int) -> None:
    """Account for a job that a backend has accepted for a video which has moved on without it."""
    ledger.charge_surplus(pk)


def release_unconfirmed(pk: int, attempt: int, *, by: User, note: str) -> bool:
    """Take an unconfirmed charge back, as a person decided. Returns False where there is none any more.

    In a transaction that has locked the video's row.
    """
    return ledger.release_unconfirmed(pk, attempt, by=by, note=note)


def _purchase(video: Video, price: Decimal | None, backend: Backend | None = None) -> Purchase:
    """Return what `backend`, by default the video's own, takes for it."""
    maker = backend or video.backend
    return Purchase(
        video.pk,
        video.public_id,
        video.model,
        maker.pk,
        maker.name,
        price,
        collection_id=video.made_in_id,
        collection_name=video.made_in.name if video.made_in else "",
    )
