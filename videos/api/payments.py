"""What both APIs say about money: the price that a request agrees to, and why it is not paid for."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from billing.errors import (
    ApprovalRequiredError,
    BudgetExceededError,
    RefusedPaymentError,
    UnconfirmedPriceError,
)
from billing.money import parse_amount, plain_amount
from billing.notices import tell_refusal
from videos.api.contract import Contract
from videos.api.errors import ApiError
from videos.services.quota import StorageFullError

CONFIRM_HEADER = "Confirm-Price"


def read_confirmed_price(request: HttpRequest) -> Decimal | None:
    """Return the price that the request agrees to in its header; None without one. Raises `ApiError`."""
    text = request.headers.get(CONFIRM_HEADER)
    if text is None:
        return None
    try:
        return parse_amount(text)
    except ValidationError as error:
        raise ApiError(400, "invalid_value", error.messages[0], param=CONFIRM_HEADER) from error


def from_refused_payment(error: RefusedPaymentError, contract: Contract) -> ApiError:
    """Return the error for what is not paid for: with what is left, or the price to confirm.

    Outside of the transaction that was refused, because it is told to those whom the budget concerns.
    """
    tell_refusal(error)
    if isinstance(error, StorageFullError):
        return ApiError(403, error.code_for_programs, error.sentence)
    if isinstance(error, BudgetExceededError):
        shortage = error.shortage
        renews_at = None if shortage.renews_at is None else int(shortage.renews_at.timestamp())
        details: dict[str, object] = {"left": plain_amount(shortage.left), "renews_at": renews_at}
        if contract.budget_status == 429:  # else it would be that of a rate limit
            details["type"] = contract.budget_code
        return ApiError(
            contract.budget_status,
            contract.budget_code,
            error.sentence,
            headers=contract.budget_headers,
            details=details,
        )
    if isinstance(error, UnconfirmedPriceError):
        price = plain_amount(error.price)
        return ApiError(
            contract.invalid_status,
            error.code_for_programs,
            f"{error.sentence} Send the request again with the header “{CONFIRM_HEADER}: {price}”.",
            param=CONFIRM_HEADER,
            details={"price": price},
        )
    if isinstance(error, ApprovalRequiredError):  # where there is nothing that it could wait in
        message = f"{error.sentence} Nothing was made. Ask in the studio or at /api/v1, where it can wait."
        return ApiError(403, error.code_for_programs, message, details={"price": plain_amount(error.price)})
    return ApiError(contract.invalid_status, error.code_for_programs, error.sentence, param="model")
