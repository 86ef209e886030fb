"""What each role may do. Everything that creates something asks here."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext, gettext_noop

from accounts.models import Role, User

# In English, as the APIs answer; pages translate it.
VIEWERS_ONLY_LOOK = gettext_noop(
    "Your role is viewer: you can look, and not create or change anything. Ask a manager."
)


def may_create(user: User) -> bool:
    """Whether the person may create and change things: everybody but viewers. A superuser may everything."""
    return user.is_active and (user.is_superuser or user.role in (Role.CREATOR, Role.MANAGER))


def require_creator(owner: User) -> None:
    """Raise `ValidationError`, with a sentence about the whole, unless things may be made for `owner`."""
    if not owner.is_active:
        disabled = gettext("The account “%(name)s” is disabled.") % {"name": owner}
        raise ValidationError({NON_FIELD_ERRORS: disabled})
    if not may_create(owner):
        raise ValidationError({NON_FIELD_ERRORS: gettext(VIEWERS_ONLY_LOOK)})


def may_manage(user: User) -> bool:
    """Whether the person sees what everybody makes and spends, and invites people."""
    return user.is_active and (user.is_superuser or user.role == Role.MANAGER)


def sees_all_work(user: User) -> bool:
    """Whether the person may look at everybody's videos and collections: managers, staff and superusers."""
    return may_manage(user) or (user.is_active and user.is_staff)


def invitable_roles(user: User) -> list[Role]:
    """Return the roles that the person may invite others to: nobody makes more of others than they are."""
    if not may_manage(user):
        return []
    return list(Role) if user.is_superuser else [Role.VIEWER, Role.CREATOR]
