"""What a question to the chat server that helps with prompts tells the ledger.

What it can cost at most is set aside before it is sent, and what it did cost is charged when it is answered.
The row of a question is deleted by whoever says how it ended, in the transaction that writes the line: so it
is said once.
"""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from billing import ledger
from billing.ledger import Purchase
from videos.models import PromptHelpCall

NAME = "Prompt help"  # of what is paid, where videos have their backend
_LOST_AFTER = timedelta(minutes=10)  # much longer than any question may take
_LOST_AT_ONCE = 100  # in one look


def begin_prompt_help(owner: User, model: str, most: Decimal) -> PromptHelpCall:
    """Set aside the most that a question can cost. Raises `RefusedPaymentError`, and then it is not sent."""
    with transaction.atomic():
        call = PromptHelpCall.objects.create()
        purchase = Purchase(call.ledger_key, call.ledger_name, model[:100], 0, NAME, most)
        ledger.reserve(owner, [purchase], transition="asked")
    return call


def finish_prompt_help(call: PromptHelpCall, price: Decimal | None) -> None:
    """It was answered, and costs `price`. None: the server does not say, so that all that was set aside is
    charged, unconfirmed.
    """
    with transaction.atomic():
        if not _end(call):
            return
        if price is None:
            ledger.give_up(call.ledger_key, transition="answered")
        else:
            ledger.charge(call.ledger_key, transition="answered")
            ledger.settle(call.ledger_key, price, transition="answered")


def fail_prompt_help(call: PromptHelpCall) -> None:
    """It was provably not answered: nothing was spent."""
    with transaction.atomic():
        if _end(call):
            ledger.release(call.ledger_key, transition="refused")


def lose_prompt_help(call: PromptHelpCall) -> None:
    """Nobody can tell whether it was answered: all that was set aside is charged, unconfirmed."""
    with transaction.atomic():
        if _end(call):
            ledger.give_up(call.ledger_key, transition="lost")


def end_lost_prompt_help() -> None:
    """End the questions whose process was killed before it could say what came of them."""
    lost = PromptHelpCall.objects.filter(asked_at__lt=timezone.now() - _LOST_AFTER)
    for call in lost[:_LOST_AT_ONCE]:
        lose_prompt_help(call)


def _end(call: PromptHelpCall) -> bool:
    deleted, _ = PromptHelpCall.objects.filter(pk=call.pk).delete()
    return bool(deleted)
