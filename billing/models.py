"""Budgets, and the ledger that they are measured by."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, gettext_noop, pgettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.models import Role
from billing.money import ZERO, MoneyField, format_money
from billing.periods import Period
from contentgen.stored_texts import sentence


class Scope(models.TextChoices):
    """Whose spending a budget bounds."""

    STUDIO = "studio", gettext_lazy("Studio")
    ROLE = "role", gettext_lazy("Role")
    USER = "user", gettext_lazy("Person")
    TOKEN = "token", gettext_lazy("API token")  # a choice
    COLLECTION = "collection", gettext_lazy("Collection")


_ROLES: dict[str, StrOrPromise] = {  # within a sentence
    Role.VIEWER: pgettext_lazy("role in a sentence", "viewer"),
    Role.CREATOR: pgettext_lazy("role in a sentence", "creator"),
    Role.MANAGER: pgettext_lazy("role in a sentence", "manager"),
}


class Budget(models.Model):
    """How much may be spent in a period: by all, by those with a role, by a person, through a token, or on
    what is asked for in a collection.

    There is one for each of them and each period. A hard one refuses what does not fit into what is left; a
    soft one only warns. What is reserved counts as well as what is spent.
    """

    scope = models.CharField(max_length=10, choices=Scope)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="budgets"
    )
    role = models.CharField(max_length=40, blank=True)
    token = models.ForeignKey(
        "accounts.ApiToken", on_delete=models.CASCADE, null=True, blank=True, related_name="budgets"
    )
    collection = models.ForeignKey(
        "videos.Collection", on_delete=models.CASCADE, null=True, blank=True, related_name="budgets"
    )
    period = models.CharField(max_length=10, choices=Period)
    amount = MoneyField()
    is_soft = models.BooleanField(
        gettext_lazy("soft"), default=False, help_text=gettext_lazy("Warns, and refuses nothing.")
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "role", "period"],
                condition=Q(user=None, token=None, collection=None),
                name="one_budget_per_role",
            ),
            models.UniqueConstraint(
                fields=["user", "period"], condition=Q(user__isnull=False), name="one_budget_per_user"
            ),
            models.UniqueConstraint(
                fields=["token", "period"], condition=Q(token__isnull=False), name="one_budget_per_token"
            ),
            models.UniqueConstraint(
                fields=["collection", "period"],
                condition=Q(collection__isnull=False),
                name="one_budget_per_collection",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target}: {self.terms}"

    @property
    def terms(self) -> str:
        """The amount and the period in words, such as “$50.00 this month”."""
        return _terms_of(self.amount, self.period)

    @property
    def target(self) -> str:
        """Whose it is, in words that begin a line."""
        match self.scope:
            case Scope.ROLE:
                return gettext("Role %(name)s") % {"name": role_in_words(self.role)}
            case Scope.USER:
                return str(self.user)
            case Scope.TOKEN:
                return gettext("Token %(name)s") % {"name": self.token}
            case Scope.COLLECTION:
                return gettext("Collection %(name)s") % {"name": self.collection}
        return gettext("Studio")

    @property
    def code(self) -> str:
        """What ledger lines call it: it stays readable when the budget is gone."""
        keys = {
            Scope.ROLE: self.role,
            Scope.USER: self.user_id,
            Scope.TOKEN: self.token_id,
            Scope.COLLECTION: self.collection_id,
        }
        key = keys.get(Scope(self.scope))
        return f"{self.scope}:{key}/{self.period}" if key else f"{self.scope}/{self.period}"


def role_in_words(role: str) -> str:
    """Return a role within a sentence; one that there is no longer as it is stored."""
    return str(_ROLES.get(role, role))


# Notifications keep these in English.
_TERMS = {
    Period.DAY: sentence(gettext_noop("%(amount)s today"), alone=True),
    Period.WEEK: sentence(gettext_noop("%(amount)s this week"), alone=True),
    Period.MONTH: sentence(gettext_noop("%(amount)s this month"), alone=True),
    Period.TOTAL: sentence(gettext_noop("%(amount)s in all"), alone=True),
}
# What entries of the audit log call a budget; that of a person has their name before the colon.
for _template in (
    gettext_noop("Collection %(name)s: %(terms)s"),
    gettext_noop("Role %(role)s: %(terms)s"),
    gettext_noop("Studio: %(terms)s"),
    gettext_noop("Token %(name)s: %(terms)s"),
):
    sentence(_template, alone=True)


def _terms_of(amount: Decimal, period: str) -> str:
    return gettext(_TERMS[Period(period)]) % {"amount": format_money(amount)}


class InvitationBudget(models.Model):
    """The budget of whoever joins by an invitation."""

    invitation = models.OneToOneField(
        "accounts.Invitation", on_delete=models.CASCADE, primary_key=True, related_name="budget"
    )
    period = models.CharField(max_length=10, choices=Period)
    amount = MoneyField()

    def __str__(self) -> str:
        return _terms_of(self.amount, self.period)


class BudgetNotice(models.Model):
    """That it was told, once for the budget's period that began on `since`, how far the budget is used."""

    # No constraint of the database: it would lock the budget, for which those wait who hold a video's lock.
    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, db_constraint=False, related_name="notices")
    kind = models.CharField(max_length=30)
    since = models.DateField()
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["budget", "kind", "since"], name="told_once_in_a_period")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.budget_id} since {self.since}"


class Kind(models.TextChoices):
    """What a line of the ledger does. A mark moves no money: it says whether a charge is confirmed."""

    RESERVE = "reserve", pgettext_lazy("line of the ledger", "Reserved")
    CHARGE = "charge", pgettext_lazy("line of the ledger", "Charged")
    ADJUST = "adjust", pgettext_lazy("line of the ledger", "Adjusted")
    RELEASE = "release", pgettext_lazy("line of the ledger", "Released")
    MARK = "mark", pgettext_lazy("line of the ledger", "Marked")


class AppendOnlyError(TypeError):
    """A line of the ledger was to be changed or deleted."""


class LedgerQuerySet(models.QuerySet["LedgerLine"]):
    """Lines that can be added and read, and nothing else; the database has triggers to the same effect."""

    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError("Lines of the ledger are not changed. Add one that corrects the sum.")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        self.update()

    def delete(self) -> NoReturn:
        raise AppendOnlyError("Lines of the ledger are not deleted. Add one that corrects the sum.")

    def of_videos(self, video_ids: Iterable[int]) -> "LedgerQuerySet":
        """The lines of these videos, in the order in which they were written."""
        return self.filter(video_id__in=video_ids).order_by("pk")


class LedgerLine(models.Model):
    """One change of what is reserved or spent for one submission of one video.

    `reserved` and `spent` are by how much the two sums grow; their own sum, `net`, is by how much a budget is
    used up. People, videos and backends are named by keys and words alone, because the ledger outlives them.
    """

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=10, choices=Kind)
    transition = models.CharField(max_length=40, help_text=gettext_lazy("What the video went through."))
    reserved = MoneyField(default=ZERO)
    spent = MoneyField(default=ZERO)
    net = MoneyField(default=ZERO)
    confirms = models.BooleanField(
        null=True,
        help_text=gettext_lazy("Whether the charge is known to be real from here on; empty: as before."),
    )
    is_priced = models.BooleanField(
        default=True, help_text=gettext_lazy("No: nobody knew the price when the amount was reserved.")
    )

    video_id = models.BigIntegerField()
    video = models.CharField(max_length=64, help_text=gettext_lazy("Its public id."))
    attempt = models.PositiveIntegerField(
        help_text=gettext_lazy("Which of the video's paid submissions, from 1.")
    )
    counts_at = models.DateTimeField(
        help_text=gettext_lazy("When the submission was reserved: the period of the budgets that it uses up.")
    )
    user_id = models.BigIntegerField()
    username = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    token_id = models.BigIntegerField(null=True)
    token_name = models.CharField(max_length=100, blank=True)
    collection_id = models.BigIntegerField(
        null=True, help_text=gettext_lazy("The collection that it was asked for in.")
    )
    collection_name = models.CharField(max_length=80, blank=True)
    model = models.CharField(max_length=100)
    backend_id = models.BigIntegerField()
    backend_name = models.CharField(max_length=100)
    budgets = models.JSONField(default=list, help_text=gettext_lazy("The budgets that it was measured by."))

    note = models.CharField(
        max_length=500, blank=True, help_text=gettext_lazy("Why, where a person decided it.")
    )
    decided_by = models.CharField(max_length=150, blank=True)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(net=F("reserved") + F("spent")), name="net_is_the_sum"),
            models.UniqueConstraint(
                fields=["video_id", "attempt"],
                condition=Q(kind="reserve"),
                name="one_reservation_per_attempt",
            ),
            models.UniqueConstraint(
                fields=["video_id", "attempt"], condition=Q(kind="charge"), name="one_charge_per_attempt"
            ),
        ]
        # Those of budgets hold the amount too, so that sums are read from the index alone.
        indexes = [
            models.Index(fields=["video_id"], name="ledger_video"),
            models.Index(fields=["user_id", "counts_at", "net"], name="ledger_user_budget"),
            models.Index(fields=["role", "counts_at", "net"], name="ledger_role_budget"),
            models.Index(
                fields=["token_id", "counts_at", "net"],
                name="ledger_token_budget",
                condition=Q(token_id__isnull=False),
            ),
            models.Index(
                fields=["collection_id", "counts_at", "net"],
                name="ledger_collection_budget",
                condition=Q(collection_id__isnull=False),
            ),
            models.Index(fields=["counts_at", "net"], name="ledger_studio_budget"),
            models.Index(fields=["at"], name="ledger_at"),
            models.Index(fields=["-id"], name="ledger_unconfirmed", condition=Q(confirms=False)),
            models.Index(fields=["user_id", "at"], name="ledger_user_at"),
        ]

    def __str__(self) -> str:
        return gettext("%(video)s, attempt %(number)s: %(kind)s %(amount)s") % {
            "video": self.video,
            "number": self.attempt,
            "kind": self.kind,
            "amount": format_money(self.amount),
        }

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the line. Raises `AppendOnlyError` for one that is there already."""
        if not self._state.adding:
            raise AppendOnlyError("Lines of the ledger are not changed. Add one that corrects the sum.")
        super().save(*args, **kwargs)

    @property
    def amount(self) -> Decimal:
        """What the line moves: the change of what is spent, else of what is reserved."""
        return self.spent or self.reserved

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError("Lines of the ledger are not deleted. Add one that corrects the sum.")


class Discrepancy(models.Model):
    """Something that did not fit together when ledger and videos were last compared. It is no part of either:
    it is kept for staff to see, and removed once it fits.
    """

    video_id = models.BigIntegerField()
    sentence = models.CharField(max_length=300)
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["video_id", "pk"]
        verbose_name_plural = gettext_lazy("discrepancies")
        constraints = [
            models.UniqueConstraint(fields=["video_id", "sentence"], name="one_row_per_discrepancy")
        ]

    def __str__(self) -> str:
        return self.sentence
