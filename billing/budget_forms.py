"""The form by which managers set budgets."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from accounts.models import Role, User
from billing import rights
from billing.models import Budget, Scope
from billing.money import parse_amount, plain_amount
from billing.periods import Period
from billing.targets import Target, set_budget, target_of

MAX_CHOICES = 500  # people, and collections, in the list to choose from; more are for `set_budget`

_Choices = list[tuple[str, str]]
_EVERYBODY = {
    Role.VIEWER: gettext_lazy("All with the role viewer"),
    Role.CREATOR: gettext_lazy("All with the role creator"),
    Role.MANAGER: gettext_lazy("All with the role manager"),
}


class AmountField(forms.CharField):
    """An amount of money as a person writes it. Cleaned to a `Decimal`; None where it is left empty."""

    default_error_messages = {"required": gettext_lazy("Write an amount such as 50.")}

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "placeholder": "50.00"}
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return parse_amount(text) if text else None


class BudgetForm(forms.Form):
    """Sets a budget of somebody, or of something, that `by` may set. The choices are those, and no others."""

    target = forms.ChoiceField(
        label=gettext_lazy("Whose"),
        error_messages={
            "invalid_choice": gettext_lazy("Choose one of the list: this one is not yours to set.")
        },
    )
    period = forms.ChoiceField(
        label=pgettext_lazy("budget", "Per"), choices=Period.choices, initial=Period.MONTH
    )
    amount = AmountField(label=gettext_lazy("Amount"))
    is_soft = forms.BooleanField(label=gettext_lazy("Warn only, and refuse nothing"), required=False)

    def __init__(self, by: User, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        cast(forms.ChoiceField, self.fields["target"]).choices = _target_choices(by)

    @classmethod
    def for_budget(cls, by: User, budget: Budget) -> "BudgetForm":
        """Return the form that changes the budget."""
        initial = {
            "target": target_of(budget).value,
            "period": budget.period,
            "amount": plain_amount(budget.amount),
            "is_soft": budget.is_soft,
        }
        return cls(by, initial=initial)

    def save(self) -> Budget:
        """Set the budget of a valid form. One that there is for the same period is changed."""
        data = self.cleaned_data
        return set_budget(data["target"], data["period"], data["amount"], is_soft=data["is_soft"])

    def clean_target(self) -> Target:
        """Return whose it is. The choices say who may be chosen."""
        scope, _, key = self.cleaned_data["target"].partition(":")
        match scope:
            case Scope.USER:
                return Target(Scope.USER, user=User.objects.get(pk=key))
            case Scope.ROLE:
                return Target(Scope.ROLE, role=key)
            case Scope.COLLECTION:
                return Target(Scope.COLLECTION, collection_id=int(key))
        return Target(Scope.STUDIO)

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if amount <= 0:
            raise ValidationError(
                gettext("Write an amount above 0. To stop somebody altogether, block the account.")
            )
        return amount


def _target_choices(by: User) -> list[tuple[str, str] | tuple[str, _Choices]]:
    """Return whom and what `by` may choose, in groups."""
    roles = rights.manageable_roles(by)
    people = User.objects.filter(is_active=True).order_by("username")
    if not by.is_superuser:
        people = people.filter(role__in=roles, is_superuser=False)
    collections = apps.get_model("videos", "Collection")._default_manager.filter(deleted_at=None)
    names = collections.order_by("name", "pk").values_list("pk", "name", "owner__username")[:MAX_CHOICES]
    groups: list[tuple[str, _Choices]] = [
        (gettext("Roles"), [(f"role:{role.value}", str(_EVERYBODY[role])) for role in roles]),
        (
            gettext("People"),
            [(f"user:{pk}", name) for pk, name in people.values_list("pk", "username")[:MAX_CHOICES]],
        ),
        (gettext("Collections"), [(f"collection:{pk}", f"{name} ({owner})") for pk, name, owner in names]),
    ]
    studio: _Choices = [("studio", gettext("The studio"))] if rights.may_set_studio_budget(by) else []
    return [*studio, *((label, choices) for label, choices in groups if choices)]


class PersonBudgetForm(forms.Form):
    """Sets the budget of one person, or changes the one for the same period."""

    amount = AmountField(label=gettext_lazy("Amount"))
    period = forms.ChoiceField(
        label=pgettext_lazy("budget", "Per"), choices=Period.choices, initial=Period.MONTH
    )
    is_soft = forms.BooleanField(label=gettext_lazy("Warn only, and refuse nothing"), required=False)

    def __init__(self, person: User, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["amount"].widget.attrs["autofocus"] = True
        self.person = person

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if amount <= 0:
            raise ValidationError(
                gettext("Write an amount above 0. To stop somebody altogether, deactivate them.")
            )
        return amount

    def save(self) -> Budget:
        """Set the budget of a valid form."""
        data = self.cleaned_data
        target = Target(Scope.USER, user=self.person)
        return set_budget(target, data["period"], data["amount"], is_soft=data["is_soft"])
