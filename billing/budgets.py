"""What is left of budgets, and the refusal of what does not fit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts.formats import format_day, format_number
from accounts.models import ApiToken, User
from billing.errors import BudgetExceededError, Shortage
from billing.models import Budget, LedgerLine, Scope, role_in_words
from billing.money import ZERO, format_money
from billing.periods import Period, end_of, in_words, start_of
from contentgen.stored_texts import sentence

WARN_AT = Decimal("0.8")  # of a budget


@dataclass(frozen=True)
class BudgetStatus:
    """A budget, and what is used of it in the period that `now` is in, with what is reserved."""

    budget: Budget
    used: Decimal
    now: datetime

    def with_more(self, amount: Decimal) -> "BudgetStatus":
        """Return how it stands once `amount` more is used."""
        return replace(self, used=self.used + amount)

    @property
    def left(self) -> Decimal:
        """What may still be spent; 0 where more was used than the budget has."""
        return max(ZERO, self.budget.amount - self.used)

    @property
    def renews_at(self) -> datetime | None:
        return end_of(self.budget.period, self.now)

    @property
    def renewal(self) -> str:
        """When it is full again, in a sentence."""
        if self.renews_at is None:
            return gettext(_NEVER_RENEWS)
        day = timezone.localtime(self.renews_at, timezone.get_default_timezone())
        return gettext(_RENEWS) % {"day": format_day(day.date())}

    @property
    def share(self) -> Decimal:
        """How much of it is used: 1 is all."""
        return self.used / self.budget.amount if self.budget.amount else Decimal(1)

    @property
    def percent(self) -> int:
        """The used share in whole percent, at most 100: the length of a bar."""
        return int(min(self.share, Decimal(1)) * 100)

    @property
    def is_almost_used(self) -> bool:
        return self.share >= WARN_AT

    @property
    def is_exceeded(self) -> bool:
        return self.used >= self.budget.amount

    @property
    def name(self) -> str:
        """The budget as the subject of a sentence, such as “Your budget of $50.00 this month”."""
        template = gettext(NAMES[Scope(self.budget.scope)])
        return template % {
            "role": role_in_words(self.budget.role),
            "collection": self.budget.collection,
            "amount": format_money(self.budget.amount),
            "period": in_words(self.budget.period),
        }

    @property
    def warning(self) -> str:
        """What a page tells of a budget that is almost used up."""
        return self._tell(_USED_UP if self.is_exceeded else _ALMOST_USED_UP)

    @property
    def too_little(self) -> str:
        """What is told of a budget that a request did not fit into though something is left of it."""
        return self._tell(_TOO_LITTLE)

    def _tell(self, template: str) -> str:
        values = {"budget": self.name, "left": format_money(self.left), "renewal": self.renewal}
        return gettext(template) % values


# Notifications, and batches that stopped, keep these sentences in English.
NAMES = {
    Scope.STUDIO: gettext_noop("The studio's budget of %(amount)s %(period)s"),
    Scope.ROLE: gettext_noop("The budget of the role “%(role)s” of %(amount)s %(period)s"),
    Scope.USER: gettext_noop("Your budget of %(amount)s %(period)s"),
    Scope.TOKEN: gettext_noop("The budget of this API token of %(amount)s %(period)s"),
    Scope.COLLECTION: gettext_noop("The budget of the collection “%(collection)s” of %(amount)s %(period)s"),
}
_RENEWS = sentence(gettext_noop("It renews on %(day)s."))
_NEVER_RENEWS = sentence(gettext_noop("It does not renew."))
_USED_UP = sentence(gettext_noop("%(budget)s is used up. %(renewal)s"), alone=True)
_ALMOST_USED_UP = sentence(
    gettext_noop("%(budget)s is almost used up: %(left)s is left. %(renewal)s"), alone=True
)
_TOO_LITTLE = sentence(
    gettext_noop("%(budget)s has %(left)s left, which was too little for a request. %(renewal)s"),
    alone=True,
)


def applicable(user: User, token: ApiToken | None = None, collections: Collection[int] = ()) -> Q:
    """Return the condition for the budgets that bound what `user` asks for, through `token` and in
    `collections` (their keys), if any.
    """
    found = Q(scope=Scope.STUDIO) | Q(scope=Scope.ROLE, role=user.role) | Q(user=user.pk)
    if collections:
        found |= Q(collection__in=collections)
    return found | Q(token=token.pk) if token else found


def lock_budgets(
    user: User, token: ApiToken | None = None, collections: Collection[int] = ()
) -> list[Budget]:
    """Return the budgets that bound the user, locked in one order until the surrounding transaction ends.

    Whoever reserves holds these locks, so two cannot both take what is left for one. SQLite locks the whole
    database when a transaction begins.
    """
    bounding = applicable(user, token, collections)
    return list(Budget.objects.select_for_update().filter(bounding).order_by("pk"))


def lock_all_budgets() -> None:
    """Lock every budget, in a transaction that reserves for several people, before it locks any video."""
    list(Budget.objects.select_for_update().order_by("pk").values_list("pk"))


def statuses(budgets: Iterable[Budget], *, now: datetime | None = None) -> list[BudgetStatus]:
    """Return what is used of each budget now.

    A query for each scope and period among them, however many budgets there are, answered by an index alone.
    """
    moment, rows = now or timezone.now(), list(budgets)
    used: dict[int, Decimal] = {}
    for scope, period in dict.fromkeys((row.scope, row.period) for row in rows):
        alike = [row for row in rows if (row.scope, row.period) == (scope, period)]
        used |= _used_of(Scope(scope), period, alike, moment)
    return [BudgetStatus(row, used[row.pk], moment) for row in rows]


def statuses_for(user: User) -> list[BudgetStatus]:
    """Return the budgets that bound the user, tokens aside, and what is used of each."""
    return statuses(Budget.objects.filter(applicable(user)).select_related("user").order_by("pk"))


# The columns that lines and budgets have alike.
_KEYS = {
    Scope.ROLE: "role",
    Scope.USER: "user_id",
    Scope.TOKEN: "token_id",
    Scope.COLLECTION: "collection_id",
}


def _used_of(scope: Scope, period: str, budgets: list[Budget], now: datetime) -> dict[int, Decimal]:
    """Return what is used of the budgets, which have this scope and period, by their keys. One query."""
    lines = LedgerLine.objects.order_by()
    if period != Period.TOTAL:
        lines = lines.filter(counts_at__gte=start_of(period, now))
    if scope == Scope.STUDIO:
        total: Decimal | None = lines.aggregate(used=Sum("net"))["used"]
        return {budget.pk: total or ZERO for budget in budgets}
    key = _KEYS[scope]
    wanted = {getattr(budget, key) for budget in budgets}
    found = lines.filter(**{f"{key}__in": wanted}).values_list(key).annotate(used=Sum("net"))
    used = dict(found)
    return {budget.pk: used.get(getattr(budget, key)) or ZERO for budget in budgets}


def lines_of(budget: Budget) -> Q:
    """Return the condition for the lines of the ledger that use up the budget, in whatever period."""
    key = _KEYS.get(Scope(budget.scope))
    return Q(**{key: getattr(budget, key)}) if key else Q()


def used_by(line: LedgerLine) -> Q:
    """Return the condition for the budgets that the line uses."""
    found = Q(scope=Scope.STUDIO) | Q(scope=Scope.ROLE, role=line.role) | Q(user=line.user_id)
    if line.token_id is not None:
        found |= Q(token=line.token_id)
    return found | Q(collection=line.collection_id) if line.collection_id is not None else found


def tightest_for(users: Iterable[User]) -> dict[int, BudgetStatus | None]:
    """Return the hard budget with the least left for each user, by key, tokens aside; None without any.

    As few queries as `statuses` takes, however many users there are.
    """
    people = {user.pk: user for user in users}
    bounding = Q(scope=Scope.STUDIO) | Q(role__in={user.role for user in people.values()}, scope=Scope.ROLE)
    found = statuses(
        Budget.objects.filter(bounding | Q(user__in=people)).select_related("user").order_by("pk")
    )
    return {
        pk: tightest([each for each in found if _bounds(each.budget, user)]) for pk, user in people.items()
    }


def _bounds(budget: Budget, user: User) -> bool:
    match budget.scope:
        case Scope.ROLE:
            return budget.role == user.role
        case Scope.USER:
            return budget.user_id == user.pk
    return budget.scope == Scope.STUDIO


def tightest(found: Sequence[BudgetStatus]) -> BudgetStatus | None:
    """Return the hard budget with the least left, None where nothing is bounded."""
    hard = [status for status in found if not status.budget.is_soft]
    return min(hard, key=lambda status: status.left) if hard else None


def require_room(found: Sequence[BudgetStatus], price: Decimal, *, videos: int, is_priced: bool) -> None:
    """Raise `BudgetExceededError` unless `price` fits into every hard budget.

    What has no price fits as long as something is left: its true price may be anything.
    """
    status = tightest(found)
    if status is None or (price <= status.left and (is_priced or status.left > 0)):
        return
    sentence = _explain_shortage(status, price, videos, is_priced=is_priced)
    shortage = Shortage(status.budget.code, status.left, status.renews_at, status.budget.pk)
    raise BudgetExceededError(sentence, shortage)


def _explain_shortage(status: BudgetStatus, price: Decimal, videos: int, *, is_priced: bool) -> str:
    template = _UNPRICED if not is_priced else _ONE_TOO_DEAR if videos == 1 else _TOO_DEAR
    return gettext(template) % {
        "price": format_money(price),
        "count": format_number(videos),
        "budget": status.name,
        "left": format_money(status.left),
        "renewal": status.renewal,
    }


_ONE_TOO_DEAR = sentence(
    gettext_noop("This costs %(price)s. %(budget)s has %(left)s left. %(renewal)s"),
)
_TOO_DEAR = sentence(
    gettext_noop("These %(count)s videos cost %(price)s. %(budget)s has %(left)s left. %(renewal)s"),
)
_UNPRICED = sentence(
    gettext_noop("The price of this is not known. %(budget)s has %(left)s left. %(renewal)s"),
)
