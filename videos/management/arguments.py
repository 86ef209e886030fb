"""What the commands share in reading their arguments: accounts, images and errors."""

from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts import roles
from accounts.models import User
from billing.errors import RefusedPaymentError, UnconfirmedPriceError
from billing.money import parse_amount, plain_amount
from billing.notices import tell_refusal
from videos.media.reference import BadReferenceError, Reference, open_reference
from videos.models import ApprovalRequest, Video
from videos.parameters import PREFIX
from videos.services.approvals import explain_wait


def positive_int(text: str) -> int:
    """Return the whole number above 0 that an option was given. Raises `ArgumentTypeError`."""
    if not text.isdecimal() or not 0 < int(text[:10]) < 2**31:
        raise ArgumentTypeError(f"give a whole number above 0, not “{text}”.")
    return int(text)


def get_user(username: str | None) -> User:
    """Return the account that `--user` names; without a name the studio's owner, or the only superuser.

    Raises `CommandError` if there is no such account, or it is locked or a viewer's.
    """
    if username is not None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"--user: there is no account “{username}”.")
    else:
        user = _get_studio_owner()
    if not user.is_active:
        raise CommandError(f"--user: the account “{user.username}” is locked.")
    if not roles.may_create(user):
        raise CommandError(f"--user: the account “{user.username}” is a viewer's, who makes nothing.")
    return user


def _get_studio_owner() -> User:
    owner = User.objects.filter(username=settings.OWNER_USERNAME).first()
    if owner is not None:
        return owner
    superusers = User.objects.filter(is_superuser=True, is_active=True)[:2]
    if len(superusers) != 1:
        raise CommandError("--user: say whose video this is; no account stands out as the studio's owner.")
    return superusers[0]


def open_reference_file(path: Path) -> Reference:
    """Open the image at `path`. Raises `ValueError` with a sentence if it cannot be used as a reference."""
    try:
        if not path.is_file():
            raise ValueError(f"there is no file “{path}”.")
        with path.open("rb") as file:
            return open_reference(file, max_bytes=settings.MAX_FILE_SIZE)
    except BadReferenceError as error:
        raise ValueError(f"“{path}”: {error}") from error
    except OSError as error:
        raise ValueError(f"“{path}” cannot be read: {error.strerror}.") from error


_OPTIONS = {"prompt": "PROMPT", "last_frame": "--last-frame", "references": "--reference-image"}


def to_command_error(error: ValidationError) -> CommandError:
    """Return a service's error as one about the command line, which names the options at fault."""
    tell_refusal(error)
    if isinstance(error, UnconfirmedPriceError):
        return CommandError(f"{error.sentence} Say so with --confirm-price {plain_amount(error.price)}.")
    if isinstance(error, RefusedPaymentError):
        return CommandError(error.sentence)
    return CommandError(
        " ".join(
            f"{_argument_of(field)}: {' '.join(sentences)}" for field, sentences in error.message_dict.items()
        )
    )


def _argument_of(field: str) -> str:
    if field.startswith(PREFIX):
        return f"--parameter {field.removeprefix(PREFIX)}"
    return _OPTIONS.get(field, f"--{field}")


def created_or_waiting(made: list[Video] | ApprovalRequest) -> list[Video]:
    """Return the videos. Raises `CommandError`, which says what waits, where a manager has to approve it."""
    if isinstance(made, ApprovalRequest):
        raise CommandError(f"{explain_wait(made)} Its id is {made.public_id}.")
    return made


def money(text: str) -> Decimal:
    """Return the amount that an option was given. Raises `ArgumentTypeError`."""
    try:
        return parse_amount(text)
    except ValidationError as error:
        raise ArgumentTypeError(error.messages[0]) from error


def add_confirm_price(parser: ArgumentParser) -> None:
    """Add the option that agrees to a price above `CONFIRM_PRICE_ABOVE`."""
    parser.add_argument(
        "--confirm-price",
        type=money,
        metavar="AMOUNT",
        help="agree to a price up to this, where high prices are to be confirmed",
    )
