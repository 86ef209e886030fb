"""Invitations: who may join, as what, and until when."""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext, override

from accounts import roles, subjects
from accounts.models import Invitation, Role, User
from audit.trail import record
from audit.vocabulary import Action

DEFAULT_DAYS = 7
_REQUEST_DAYS = 1  # of one that somebody asked for with an address of an open domain


# Sent with `invitation` and `user` when somebody has used one, in the transaction that does it.
invitation_accepted = Signal()


class NotUsableError(Exception):
    """The invitation cannot be used. Its text is a sentence for whoever opened the link."""


def issue(
    invited_by: User, *, role: Role, email: str = "", days: int = DEFAULT_DAYS
) -> tuple[Invitation, str]:
    """Create an invitation. Return it with the secret of its link, which cannot be had again.

    Raises `ValidationError` by field where `invited_by` may not invite to this role, or where somebody with a
    confirmed address `email` is here already.
    """
    if role not in roles.invitable_roles(invited_by):
        raise ValidationError({"role": gettext("You may not invite somebody to this role.")})
    if email and _has_account(email):
        raise ValidationError({"email": gettext("Somebody with this address has an account already.")})
    return _create(invited_by, role, email, days)


def issue_by_domain(email: str) -> tuple[Invitation, str] | None:
    """Create an invitation that somebody asked for; its link is mailed to the address and shown nowhere.

    Returns None for an address that has an account. The address is at an open domain (`is_open_domain`).
    """
    if _has_account(email):
        return None
    return _create(None, Role(settings.SIGNUP_ROLE), email, _REQUEST_DAYS)


def _create(invited_by: User | None, role: Role, email: str, days: int) -> tuple[Invitation, str]:
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            digest=_digest(secret),
            email=email.lower(),
            role=role,
            invited_by=invited_by,
            expires_at=timezone.now() + timedelta(days=days),
        )
        with override("en"):
            note = f"As {role.label.lower()}, for {days} days."
        record(Action.CREATED, subjects.invitation(invitation), note=note, by=invited_by)
    return invitation, secret


def is_open_domain(email: str) -> bool:
    """Whether everybody with an address at this domain may join."""
    return email.rpartition("@")[2].lower() in settings.SIGNUP_EMAIL_DOMAINS


def find(secret: str) -> Invitation:
    """Return the usable invitation with this secret. Raises `NotUsableError` with a sentence."""
    invitation = Invitation.objects.select_related("invited_by").filter(digest=_digest(secret)).first()
    if invitation is None:
        raise NotUsableError(
            gettext("This is not the link of an invitation. Check that you copied all of it.")
        )
    if problem := _find_problem(invitation):
        raise NotUsableError(problem)
    return invitation


def find_for_address(email: str) -> Invitation | None:
    """Return a usable invitation that is for this confirmed address alone, the oldest first."""
    open_ones = Invitation.objects.select_related("invited_by").filter(
        email=email.lower(), accepted_at=None, revoked_at=None
    )
    return next((each for each in open_ones.order_by("pk") if not _find_problem(each)), None)


def _find_problem(invitation: Invitation) -> str:
    if invitation.accepted_at is not None:
        return gettext("This invitation has been used. If that was you, sign in.")
    is_withdrawn = invitation.revoked_at is not None or not _may_still_invite(invitation)
    if is_withdrawn:
        return gettext("This invitation was withdrawn. Ask for a new one.")
    if invitation.expires_at <= timezone.now():
        return gettext("This invitation has expired. Ask for a new one.")
    return ""


def _may_still_invite(invitation: Invitation) -> bool:
    """Whether whoever invited could do so now: not after being blocked, or no longer being a manager."""
    if invitation.invited_by is None:
        return is_open_domain(invitation.email)
    return invitation.role in roles.invitable_roles(invitation.invited_by)


def accept(invitation: Invitation, user: User) -> User:
    """Save `user`, whose name and password are set, as the person who was invited.

    The address of the invitation becomes the account's, and counts as confirmed: it got the mail. Raises
    `NotUsableError` if somebody was faster, or has an account with that address, and saves nothing then.
    """
    with transaction.atomic():
        user.email = invitation.email or user.email
        if invitation.email and _has_account(invitation.email):
            raise NotUsableError(gettext("There is an account with this address already. Sign in to it."))
        user.save()
        record(Action.CREATED, subjects.person(user), by=user)
        mark_accepted(invitation, user)
        if user.email:
            is_confirmed = bool(invitation.email)
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=is_confirmed)
    return user


def mark_accepted(invitation: Invitation, user: User) -> None:
    """Use the invitation up for `user`, who gets its role, and what else it brings. In a transaction.

    Raises `NotUsableError` if it is used.
    """
    now = timezone.now()
    is_open = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not is_open.filter(expires_at__gt=now).update(accepted_at=now, accepted_by=user):
        raise NotUsableError(gettext("This invitation has just been used. If that was you, sign in."))
    user.role = Role(invitation.role)
    user.save(update_fields=["role"])
    invitation_accepted.send(sender=Invitation, invitation=invitation, user=user)
    record(Action.ACCEPTED, subjects.invitation(invitation), note=f"As {user.role}.", by=user)


def revoke(invitation: Invitation) -> bool:
    """Withdraw an invitation for good. Returns False when it was used or withdrawn before."""
    is_open = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    with transaction.atomic():
        revoked = is_open.update(revoked_at=timezone.now())
        if revoked:
            record(Action.REVOKED, subjects.invitation(invitation))
    return bool(revoked)


def _has_account(email: str) -> bool:
    return bool(EmailAddress.objects.filter(email=email.lower(), verified=True).exists())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
