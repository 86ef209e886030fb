"""Signing in and out, and what people sign in by, in the audit log, as Django and allauth tell of it."""

import logging
from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.account.internal.userkit import filter_users_by_email
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from django.contrib.auth import signals as auth
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import gettext_noop, override

from accounts import subjects
from accounts.client_address import client_network
from accounts.models import User
from accounts.sign_in_limits import Limit
from audit.trail import Subject, record
from audit.vocabulary import Action, Kind

logger = logging.getLogger(__name__)

# Guesses come by the thousand: of one network's at one name, a few an hour are enough to see them.
_FAILED_FOR_NAME = Limit("audit-failed-name", 5, 3600)
_FAILED_FROM_NETWORK = Limit("audit-failed-network", 50, 3600)

_Receiver = Callable[..., None]


def connect() -> None:
    """Listen to what Django and allauth tell."""
    for signal, action in (
        (account.user_logged_in, Action.SIGNED_IN),
        (auth.user_logged_out, Action.SIGNED_OUT),
        (account.password_set, Action.PASSWORD_CHANGED),
        (account.password_changed, Action.PASSWORD_CHANGED),
        (account.password_reset, Action.PASSWORD_RESET),
        (account.email_changed, Action.EMAIL_CHANGED),
        (mfa.authenticator_added, Action.FACTOR_ADDED),
        (mfa.authenticator_removed, Action.FACTOR_REMOVED),
        (mfa.authenticator_reset, Action.CODES_REPLACED),
        (social.social_account_added, Action.CONNECTED),
        (social.social_account_removed, Action.DISCONNECTED),
    ):
        signal.connect(_receiver(action), weak=False, dispatch_uid=f"audit.{action}.{id(signal)}")
    auth.user_login_failed.connect(_note_failure, dispatch_uid="audit.sign_in_failed")
    mfa.authentication_failed.connect(_note_wrong_code, dispatch_uid="audit.wrong_code")


def _receiver(action: Action) -> _Receiver:
    def note(sender: Any, user: Any = None, **details: Any) -> None:
        about = details.get("socialaccount") or details.get("sociallogin")
        person = user or getattr(about, "user", None)
        if isinstance(person, User):
            record(action, subjects.person(person), note=_detail(details), by=person)

    return note


def _detail(details: dict[str, Any]) -> str:
    """Return what an entry says beside the action: which second factor, or which address."""
    authenticator = details.get("authenticator")
    if isinstance(authenticator, Authenticator):
        with override("en"):
            return str(authenticator.get_type_display())
    if (address := details.get("to_email_address")) is not None:
        return f"Now {address.email}"
    return ""


def _note_failure(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **details: Any
) -> None:
    """Write down a failed sign-in, at most so many of one network. What was typed is not kept: some type
    their password where the name belongs. A failure to write it down keeps nobody out.
    """
    typed = str(credentials.get("username") or credentials.get("email") or "")[:320]
    network = client_network(request) if request is not None else ""
    if not (_FAILED_FROM_NETWORK.allows(network) and _FAILED_FOR_NAME.allows(network, typed.casefold())):
        return
    user = _find_account(typed)
    subject = subjects.person(user) if user else Subject(Kind.USER, "", gettext_noop("An unknown name"))
    try:
        record(Action.SIGN_IN_FAILED, subject)
    except DatabaseError as error:
        logger.warning("A failed sign-in was not written down: %s", error)


def _note_wrong_code(sender: Any, user: User, **details: Any) -> None:
    """Write down a wrong code of a second factor; allauth bounds how many may be tried."""
    record(Action.SIGN_IN_FAILED, subjects.person(user), note=gettext_noop("Second factor"))


def _find_account(typed: str) -> User | None:
    typed = typed.replace("\x00", "").strip()
    found = User.objects.filter(username__iexact=typed).first()
    if found is None and "@" in typed:
        found = next(iter(filter_users_by_email(typed, for_login=True)), None)
    return found
