"""What becomes of money as videos go through their lives: the only code that writes lines of the ledger.

Every function writes in the transaction of the transition that it is about, which must be under way and have
locked the video's row; so two transitions of one video never write about each other's past. A video without
lines costs nothing, and nothing is written about it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import ApiToken, User
from billing.approval import require_approval
from billing.attempts import SURPLUS, Attempt, attempts_of
from billing.budgets import BudgetStatus, lock_budgets, require_room, statuses
from billing.errors import UnconfirmedPriceError, UnpricedError
from billing.models import Budget, Kind, LedgerLine
from billing.money import ZERO, to_money
from billing.notices import tell_about, tell_levels
from billing.spender import Spender, current_spender

_BATCH_SIZE = 500  # lines in one INSERT

# What a line says beside its amounts; a later line of the same attempt says the same.
_COPIED = (
    *("video_id", "video", "attempt", "counts_at", "user_id", "username", "role", "token_id", "token_name"),
    *("collection_id", "collection_name", "model", "backend_id", "backend_name", "is_priced", "budgets"),
)


@dataclass(frozen=True)
class Purchase:
    """One submission to be paid for. `price` is in the studio's currency; None where nobody knows it.

    It counts for the budgets of the collection that it was asked for in, if any; of no other collection, so
    that what collections spent adds up to what was spent.
    """

    video_id: int
    public_id: str
    model: str
    backend_id: int
    backend_name: str
    price: Decimal | None
    collection_id: int | None = None
    collection_name: str = ""


# --- Reserving ---------------------------------------------------------------------------------------------


def reserve(owner: User, purchases: Sequence[Purchase], *, transition: str) -> Decimal:
    """Set the price of all purchases aside, or raise `RefusedPaymentError` and write nothing.

    They are `owner`'s, through the token of `current_spender`. Returns the sum. Locks the budgets that bound
    them, before any video's row that exists already is locked (`lock_budgets`).
    """
    _require_transaction()
    if not purchases:
        return ZERO
    spender = current_spender()
    total = sum((to_money(each.price) for each in purchases if each.price is not None), ZERO)
    found = _require_payable(owner, spender, purchases, total)
    numbers = _next_numbers(each.video_id for each in purchases)
    now = timezone.now()
    shared: dict[str, Any] = {
        "at": now,
        "counts_at": now,
        "kind": Kind.RESERVE,
        "transition": transition,
        "user_id": owner.pk,
        "username": owner.username,
        "role": owner.role,
        "token_id": spender.token.pk if spender.token else None,
        "token_name": spender.token.name if spender.token else "",
    }
    lines = [_reservation(each, numbers[each.video_id], found, shared) for each in purchases]
    LedgerLine.objects.bulk_create(lines, batch_size=_BATCH_SIZE)
    tell_levels([each.with_more(_share_of(each.budget, purchases)) for each in found])
    return total


def require_payable(owner: User, purchases: Sequence[Purchase]) -> None:
    """Raise `RefusedPaymentError` for what `reserve` would refuse now. Reserves nothing."""
    _require_transaction()
    if purchases:
        _require_payable(owner, current_spender(), purchases, _total(purchases))


def require_agreed(owner: User, purchases: Sequence[Purchase], *, limit: Decimal | None = None) -> None:
    """Raise `RefusedPaymentError` unless whoever asks, and a manager where one has to, agree to the price of
    all of it, whatever is left of budgets. More than `limit` needs a manager's approval in any case.
    """
    total, spender = _total(purchases), current_spender()
    require_confirmation(total, spender)
    is_priced = all(each.price is not None for each in purchases)
    require_approval(owner, total, spender, is_priced=is_priced, limit=limit)


def _total(purchases: Iterable[Purchase]) -> Decimal:
    return sum((_amount(each) for each in purchases), ZERO)


def _amount(purchase: Purchase) -> Decimal:
    return ZERO if purchase.price is None else to_money(purchase.price)


def _collections(purchases: Iterable[Purchase]) -> set[int]:
    return {each.collection_id for each in purchases if each.collection_id is not None}


def _share_of(budget: Budget, purchases: Iterable[Purchase]) -> Decimal:
    """Return what the purchases use of the budget together."""
    return sum((_amount(each) for each in purchases if _counts_for(each, budget)), ZERO)


def _counts_for(purchase: Purchase, budget: Budget) -> bool:
    """Whether the purchase uses the budget, which is one of those that bound some of the same request."""
    return budget.collection_id is None or budget.collection_id == purchase.collection_id


def _reservation(
    purchase: Purchase, number: int, found: Iterable[BudgetStatus], shared: dict[str, Any]
) -> LedgerLine:
    amount = _amount(purchase)
    return LedgerLine(
        video_id=purchase.video_id,
        video=purchase.public_id,
        attempt=number,
        model=purchase.model,
        backend_id=purchase.backend_id,
        backend_name=purchase.backend_name,
        is_priced=purchase.price is not None,
        collection_id=purchase.collection_id,
        collection_name=purchase.collection_name,
        budgets=[each.budget.code for each in found if _counts_for(purchase, each.budget)],
        reserved=amount,
        net=amount,
        **shared,
    )


def _next_numbers(video_ids: Iterable[int]) -> Counter[int]:
    """Return the number of each video's next attempt."""
    wanted = list(video_ids)
    numbers: Counter[int] = Counter(dict.fromkeys(wanted, 1))
    for start in range(0, len(wanted), _BATCH_SIZE):
        earlier = LedgerLine.objects.filter(video_id__in=wanted[start : start + _BATCH_SIZE])
        for video_id, attempt in earlier.order_by().values_list("video_id", "attempt").distinct():
            numbers[video_id] = max(numbers[video_id], attempt + 1)
    return numbers


def _require_payable(
    owner: User, spender: Spender, purchases: Sequence[Purchase], total: Decimal
) -> list[BudgetStatus]:
    """Raise `RefusedPaymentError` for what is not to be paid; else return how the budgets stand, which are
    locked.
    """
    unpriced = next((each for each in purchases if each.price is None), None)
    if unpriced is not None and settings.UNPRICED_MODELS == "refuse":
        raise UnpricedError(unpriced.model, unpriced.backend_name)
    require_confirmation(total, spender)
    found = statuses(lock_budgets(owner, spender.token, _collections(purchases)))
    is_priced = unpriced is None
    bounding_all = [each for each in found if each.budget.collection_id is None]
    require_room(bounding_all, total, videos=len(purchases), is_priced=is_priced)
    for status in found:  # a batch may be one of several collections
        share = _share_of(status.budget, purchases)
        require_room([status], share, videos=len(purchases), is_priced=is_priced)
    # Last: what is refused anyway is not worth a manager's look.
    require_approval(owner, total, spender, is_priced=is_priced)
    return found


def require_confirmation(price: Decimal, spender: Spender) -> None:
    """Raise `UnconfirmedPriceError` for a price that nobody agreed to: one above what was confirmed, or else
    above what the page showed, or above `CONFIRM_PRICE_ABOVE`.
    """
    if spender.confirmed_price is not None:
        limits = [spender.confirmed_price]
    else:
        limits = [each for each in (spender.shown_price, settings.CONFIRM_PRICE_ABOVE) if each is not None]
    for limit in limits:
        if price > limit:
            raise UnconfirmedPriceError(price, limit)


def reprice(video_id: int, purchase: Purchase, owner: User, *, transition: str) -> None:
    """Move the open reservation to another backend at its price, before anything was submitted.

    It is measured by the budget of the token that it was asked for through as well. Raises
    `BudgetExceededError` if a higher price does not fit. Where nothing is reserved, all of it is.
    """
    open_attempts = _open_attempts(video_id)
    if not open_attempts:
        reserve(owner, [purchase], transition=transition)
        return
    attempt = open_attempts[-1]
    token_id = attempt.lines[-1].token_id
    token = ApiToken.objects.filter(pk=token_id).first() if token_id is not None else None
    budgets = lock_budgets(owner, token, _collections([purchase]))
    price = ZERO if purchase.price is None else to_money(purchase.price)
    if (more := price - attempt.reserved) > 0:
        require_room(statuses(budgets), more, videos=1, is_priced=True)
    line = _line(attempt, Kind.ADJUST, transition, reserved=more)
    line.backend_id, line.backend_name = purchase.backend_id, purchase.backend_name
    line.is_priced = purchase.price is not None
    _write([line])


# --- Charging and releasing --------------------------------------------------------------------------------


def charge(video_id: int, *, transition: str, is_newest_unsent: bool = False) -> None:
    """The backend has the job: the reservation becomes a charge.

    An earlier reservation that was kept, because its job may be at the backend as well, becomes an
    unconfirmed charge: nothing will be found out about it any more. `is_newest_unsent`: the job is that of an
    earlier attempt, and the latest of several was never submitted.
    """
    attempts = _open_attempts(video_id)
    lines = []
    if is_newest_unsent and len(attempts) > 1:
        lines.append(_release(attempts.pop(), transition))
    if attempts:
        lines.append(_charge(attempts.pop(), transition, confirms=True))
    lines += [_charge(attempt, transition, confirms=False) for attempt in attempts]
    _write(lines)


def release(video_id: int, *, transition: str) -> None:
    """The latest submission was refused, provably not made, or canceled before it was: nothing was spent.

    An earlier reservation that was kept becomes an unconfirmed charge.
    """
    attempts = _open_attempts(video_id)
    lines = [_release(attempts.pop(), transition)] if attempts else []
    _write([*lines, *(_charge(attempt, transition, confirms=False) for attempt in attempts)])


def give_up(video_id: int, *, transition: str) -> None:
    """Nobody will find out whether the backend has the job: what is reserved is an unconfirmed charge."""
    attempts = _open_attempts(video_id)
    _write([_charge(attempt, transition, confirms=False) for attempt in attempts])


def settle(video_id: int, price: Decimal | None, *, transition: str) -> None:
    """The job is finished, so the charge is real. `price` is what the backend says it is, None that it does
    not say; it counts also when it passes a budget, because it is spent.
    """
    attempt = _current(video_id)
    if attempt is None:
        return
    true_price = attempt.price if price is None else to_money(price)
    is_first_price = price is not None and not attempt.lines[-1].is_priced
    if true_price == attempt.spent and not attempt.is_unconfirmed and not is_first_price:
        return
    line = _adjust(attempt, transition, true_price)
    line.is_priced = line.is_priced or price is not None
    _write([line])


def fail(video_id: int, price: Decimal | None, *, transition: str, is_charged: bool, is_lost: bool) -> None:
    """The backend failed. What it says it charged all the same counts.

    Where it says nothing, `is_charged` is whether it charges failures; else the charge is released. A job
    that `is_lost` at the backend may have been made before: its charge stands, unconfirmed.
    """
    attempt = _current(video_id)
    if attempt is None:
        return
    if price is not None:
        settle(video_id, price, transition=transition)
    elif is_lost:
        doubt(video_id, transition=transition)
    elif is_charged:
        settle(video_id, None, transition=transition)
    elif not any(line.kind == Kind.RELEASE for line in attempt.lines):
        _write([_line(attempt, Kind.RELEASE, transition, spent=-attempt.spent, confirms=True)])


def doubt(video_id: int, *, transition: str) -> None:
    """There is no result, and nobody knows whether there is one: the charge stands, unconfirmed."""
    attempt = _current(video_id)
    if attempt is not None and not attempt.is_unconfirmed:
        _write([_line(attempt, Kind.MARK, transition, confirms=False)])


def charge_surplus(video_id: int) -> None:
    """The backend has accepted a job that the video no longer wants: it is a charge all the same.

    That of a submission which was given up for unconfirmed is confirmed by it.
    """
    _require_transaction()
    attempts = attempts_of(video_id)
    if not attempts:
        return
    doubted = next((each for each in attempts if each.is_charged and each.is_unconfirmed), None)
    waiting = [each for each in attempts if each.is_open]
    if doubted is not None:
        _write([_adjust(doubted, SURPLUS, doubted.price)])
        return
    if len(waiting) > 1:  # it is that of the earlier ones, which were kept because they may be paid as well
        _write([_charge(waiting[0], SURPLUS, confirms=True)])
        return
    # At the price of the latest, whose request was the same.
    latest = attempts[-1]
    line = _line(latest, Kind.CHARGE, SURPLUS, spent=latest.price or latest.lines[0].reserved, confirms=True)
    line.attempt = latest.number + 1
    _write([line])


def release_unconfirmed(video_id: int, attempt_number: int, *, by: User, note: str) -> bool:
    """Take an unconfirmed charge back, by decision of `by`. Returns False where there is none any more."""
    _require_transaction()
    attempt = next((each for each in attempts_of(video_id) if each.number == attempt_number), None)
    if attempt is None or not attempt.is_unconfirmed or attempt.spent <= 0:
        return False
    line = _line(attempt, Kind.RELEASE, "released_by_hand", spent=-attempt.spent)
    line.note, line.decided_by = note, by.username
    line.save()
    return True


def _open_attempts(video_id: int) -> list[Attempt]:
    _require_transaction()
    return [attempt for attempt in attempts_of(video_id) if attempt.is_open]


def _current(video_id: int) -> Attempt | None:
    """Return the attempt whose job the video has; None for a video that costs nothing."""
    _require_transaction()
    charged = [each for each in attempts_of(video_id) if each.is_charged and not each.is_surplus]
    return charged[-1] if charged else None


# --- Lines -------------------------------------------------------------------------------------------------


def _charge(attempt: Attempt, transition: str, *, confirms: bool) -> LedgerLine:
    amount = attempt.reserved
    return _line(attempt, Kind.CHARGE, transition, reserved=-amount, spent=amount, confirms=confirms)


def _release(attempt: Attempt, transition: str) -> LedgerLine:
    return _line(attempt, Kind.RELEASE, transition, reserved=-attempt.reserved)


def _adjust(attempt: Attempt, transition: str, price: Decimal) -> LedgerLine:
    """Return the line after which exactly `price` is spent on the attempt, for certain."""
    difference = price - attempt.spent
    kind = Kind.ADJUST if difference else Kind.MARK
    return _line(attempt, kind, transition, spent=difference, confirms=True)


def _line(
    attempt: Attempt,
    kind: Kind,
    transition: str,
    *,
    reserved: Decimal = ZERO,
    spent: Decimal = ZERO,
    confirms: bool | None = None,
) -> LedgerLine:
    latest = attempt.lines[-1]
    return LedgerLine(
        kind=kind,
        transition=transition,
        reserved=reserved,
        spent=spent,
        net=reserved + spent,
        confirms=confirms,
        **{name: getattr(latest, name) for name in _COPIED},
    )


def _write(lines: Sequence[LedgerLine]) -> None:
    if lines:
        LedgerLine.objects.bulk_create(lines)
        tell_about(lines)


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("A line of the ledger is written in the transaction of what it is about.")
