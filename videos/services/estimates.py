"""What videos would cost, before they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from billing.budgets import statuses_for
from billing.money import ZERO, format_money
from videos.capabilities import available_offers
from videos.services.videos import GenerationRequest


@dataclass(frozen=True)
class Estimate:
    """What requests that the catalogue offers cost together; `unpriced` is how many have no known price."""

    price: Decimal
    unpriced: int = 0

    def __str__(self) -> str:
        unpriced = f"{self.unpriced} without a known price" if self.unpriced else ""
        priced = format_money(self.price) if self.price or not unpriced else ""
        return " and ".join(part for part in (priced, unpriced) if part)


def estimate_price(requests: Sequence[GenerationRequest]) -> Estimate:
    """Return what would be reserved for the requests. What a free backend makes costs nothing."""
    offers = available_offers()
    total, unpriced = ZERO, 0
    for request in requests:
        offer = offers[request.model]
        price = offer.price(request.seconds, request.size) if offer.backend.is_metered else ZERO
        total += price or ZERO
        unpriced += price is None
    return Estimate(total, unpriced)


def describe_price(owner: User, requests: Sequence[GenerationRequest]) -> list[str]:
    """Return sentences about what the requests cost, and what is left of each budget that bounds them."""
    estimate = estimate_price(requests)
    lines = [f"Price: {estimate}."]
    for status in statuses_for(owner):
        verdict = ""
        if estimate.price > status.left:
            verdict = " This is more than that." if status.budget.is_soft else " This does not fit."
        lines.append(f"{status.budget}, {format_money(status.left)} left. {status.renewal}{verdict}")
    return lines
