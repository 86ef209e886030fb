"""Budgets and the ledger in the admin. The page “Budgets” is where managers set them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from audit.admin_pages import BoundedPaginator
from billing.budget_forms import AmountField
from billing.models import Budget, LedgerLine, Scope
from billing.money import format_money, plain_amount
from billing.targets import remove_budget, set_budget, target_of

_TARGETS = {
    Scope.ROLE: "role",
    Scope.USER: "user",
    Scope.TOKEN: "token",
    Scope.COLLECTION: "collection",
}


class BudgetForm(forms.ModelForm[Budget]):
    """A budget, whose target fits its scope."""

    amount = AmountField(label=gettext_lazy("Amount"))

    class Meta:
        model = Budget
        fields = ("scope", "role", "user", "token", "collection", "period", "amount", "is_soft")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["amount"] = plain_amount(self.instance.amount)

    def clean_amount(self) -> Any:
        if self.cleaned_data["amount"] <= 0:
            raise ValidationError(gettext("Write an amount above 0."))
        return self.cleaned_data["amount"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.instance.pk:  # then its target is not asked for
            return data
        wanted = _TARGETS.get(data.get("scope", ""))
        for name in _TARGETS.values():
            if name == wanted and not data.get(name):
                self.add_error(name, gettext("Say whose budget it is."))
            elif name != wanted and data.get(name):
                self.add_error(name, gettext("Leave this empty: the scope is another one."))
        return data


@admin.register(Budget)
class BudgetAdmin(admin.ModelAdmin[Budget]):
    """Sets budgets as the page and the command do, so that requests on their way come before or after."""

    form = BudgetForm
    list_display = ("target", "period", "amount_in_words", "is_soft", "changed_at")
    list_filter = ("scope", "period", "is_soft")
    list_select_related = ("user", "token", "collection")
    raw_id_fields = ("user", "token", "collection")
    search_fields = ("user__username", "role", "token__name", "collection__name")

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def amount_in_words(self, budget: Budget) -> str:
        return format_money(budget.amount)

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> tuple[str, ...]:
        """Return whose it is and its period, once it is there: another one is another budget."""
        return ("scope", "role", "user", "token", "collection", "period") if obj else ()

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        saved = set_budget(target_of(obj), obj.period, obj.amount, is_soft=obj.is_soft)
        obj.pk = saved.pk

    def delete_model(self, request: HttpRequest, obj: Budget) -> None:
        remove_budget(target_of(obj), obj.period)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Budget]) -> None:
        for budget in queryset.select_related("user", "token"):
            self.delete_model(request, budget)


@admin.register(LedgerLine)
class LedgerLineAdmin(admin.ModelAdmin[LedgerLine]):
    """Shows the lines. None is added, changed or deleted by hand."""

    list_display = ("at", "username", "video", "attempt", "kind", "amount_in_words", "transition", "model")
    list_filter = ("kind",)
    search_fields = ("video", "=username")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = readonly_fields = (
        *("at", "kind", "transition", "video", "attempt", "reserved_in_words", "spent_in_words", "confirms"),
        *("is_priced", "counts_at", "username", "role", "token_name", "collection_name", "model"),
        *("backend_name", "note", "decided_by"),
    )

    @admin.display(description=gettext_lazy("reserved"))
    def reserved_in_words(self, line: LedgerLine) -> str:
        return format_money(line.reserved)

    @admin.display(description=gettext_lazy("spent"))
    def spent_in_words(self, line: LedgerLine) -> str:
        return format_money(line.spent)

    @admin.display(description=gettext_lazy("amount"))
    def amount_in_words(self, line: LedgerLine) -> str:
        return format_money(line.amount)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LedgerLine | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LedgerLine | None = None) -> bool:
        return False
