"""What a person may do with the team's money: the one place that says so."""

from accounts.models import User

MANAGER, CREATOR = "manager", "creator"


def role_of(user: User) -> str:
    """Return the name of the user's role, which budgets are set for."""
    return str(getattr(user, "role", "")) or (MANAGER if user.is_staff else CREATOR)


def is_manager(user: User) -> bool:
    """Whether the user sees what everybody spends, and decides about it."""
    return user.is_active and (user.is_staff or role_of(user) == MANAGER)
