"""What happens when somebody is blocked: nothing of theirs goes on."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext, gettext_noop

from accounts import mail, sessions, subjects
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action

# Sent with `user` after an account was deactivated, in the same transaction. Other apps stop what is theirs.
user_deactivated = Signal()


# In English, because it may be stored.
ONLY_SUPERUSER = gettext_noop(
    "This is the only superuser. Make somebody else one first, or nobody could run the studio."
)


def is_only_superuser(user: User) -> bool:
    """Whether nobody else can run the studio, and goes on to."""
    if not (user.is_superuser and user.is_active):
        return False
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    return not others.filter(deletion=None).exists()


def deactivate(user: User) -> bool:
    """Block the account, and stop what it has going on. Returns False for one that is blocked already.

    Raises `ValidationError` for the only superuser.
    """
    with transaction.atomic():
        # Locked, or two superusers who block each other at the same moment would leave none.
        list(User.objects.select_for_update().filter(is_superuser=True).order_by("pk").values_list("pk"))
        if is_only_superuser(user):
            raise ValidationError(gettext(ONLY_SUPERUSER))
        blocked = User.objects.filter(pk=user.pk, is_active=True).update(is_active=False)
        if blocked:
            user.is_active = False
            end_access(user)
    return bool(blocked)


def end_access(user: User) -> None:
    """Stop what a person who was deactivated has going on.

    Sessions end for good. API tokens are refused as long as the account is inactive, and open invitations are
    withdrawn by that alone; both work again when it is active again. Mail that waits is not sent. In the
    transaction that deactivates it.
    """
    record(Action.DEACTIVATED, subjects.person(user))
    sessions.end_sessions(user)
    if user.email:
        mail.withdraw(user.email)
    user_deactivated.send(sender=User, user=user)
