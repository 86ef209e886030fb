"""Who may set which budgets."""

from accounts.models import Role, User
from accounts.roles import may_manage
from billing.models import Scope
from billing.targets import Target

_MANAGED_ROLES = (Role.VIEWER, Role.CREATOR)


def manageable_roles(user: User) -> list[Role]:
    """Return the roles whose budgets `user` may set: a manager those of creators and viewers."""
    if user.is_superuser:
        return list(Role)
    return list(_MANAGED_ROLES) if may_manage(user) else []


def may_set_studio_budget(user: User) -> bool:
    """Whether `user` may set what bounds managers too."""
    return user.is_active and user.is_superuser


def may_set_budget(user: User, target: Target) -> bool:
    """Whether `user` may set and remove the target's budgets: superusers all of them; managers those of
    creators and viewers, of their tokens, and of collections.
    """
    if not may_manage(user):
        return False
    if user.is_superuser:
        return True
    match target.scope:
        case Scope.USER:
            return target.user is not None and _is_managed(target.user)
        case Scope.TOKEN:
            return target.token is not None and _is_managed(target.token.user)
        case Scope.ROLE:
            return target.role in _MANAGED_ROLES
    return target.scope == Scope.COLLECTION


def _is_managed(person: User) -> bool:
    return person.role in _MANAGED_ROLES and not person.is_superuser


def may_see_spending(user: User) -> bool:
    """Whether `user` may see what everybody spends: managers, and whoever may look at the ledger."""
    ledger = ("billing.view_ledgerline", "billing.change_ledgerline")
    return may_manage(user) or any(map(user.has_perm, ledger))


def may_see_budgets(user: User) -> bool:
    """Whether `user` may see what is left of others' budgets."""
    budget = ("billing.view_budget", "billing.change_budget")
    return may_see_spending(user) or any(map(user.has_perm, budget))
