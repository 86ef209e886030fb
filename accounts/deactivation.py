"""What happens when somebody is blocked: nothing of theirs goes on."""

from allauth.usersessions.models import UserSession
from django.dispatch import Signal

from accounts import mail, subjects
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action

# Sent with `user` after an account was deactivated, in the same transaction. Other apps stop what is theirs.
user_deactivated = Signal()


def end_access(user: User) -> None:
    """Stop what a person who was deactivated has going on.

    Sessions end for good. API tokens are refused as long as the account is inactive, and open invitations are
    withdrawn by that alone; both work again when it is active again. Mail that waits is not sent. In the
    transaction that deactivates it.
    """
    record(Action.DEACTIVATED, subjects.person(user))
    for session in UserSession.objects.filter(user=user):
        session.end()
    if user.email:
        mail.withdraw(user.email)
    user_deactivated.send(sender=User, user=user)
