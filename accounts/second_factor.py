"""Second factors: who has one, and who must."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from accounts import subjects
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action


def has_second_factor(user: User) -> bool:
    """Whether signing in takes more than the password. Recovery codes alone are none."""
    factors = Authenticator.objects.filter(user_id=user.pk)
    return bool(factors.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def is_missing(user: User) -> bool:
    """Whether the person must set up a second factor before anything else."""
    is_privileged = user.is_staff or user.is_superuser
    return bool(settings.MFA_REQUIRED_FOR_STAFF and is_privileged and not has_second_factor(user))


def remove_all(user: User) -> int:
    """Remove a person's second factors, who lost them. Returns how many there were."""
    with transaction.atomic():
        removed = int(Authenticator.objects.filter(user_id=user.pk).delete()[0])
        if removed:
            record(Action.FACTOR_REMOVED, subjects.person(user), note=f"All of them: {removed}.")
    return removed
