"""Invitations that bring a budget: whoever joins by one may spend so much, and no more, from the start."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from accounts import join_forms
from accounts.models import Invitation, User
from billing.budget_forms import AmountField
from billing.models import InvitationBudget, Scope
from billing.periods import Period
from billing.targets import Target, set_budget


class InviteForm(join_forms.InviteForm):
    """The form of accounts, and a budget."""

    budget = AmountField(
        label=gettext_lazy("Budget (optional)"),
        required=False,
        help_text=gettext_lazy(
            "What they may spend by themselves. Without one, only the budgets of all bound them."
        ),
    )
    budget_period = forms.ChoiceField(
        label=gettext_lazy("Budget per"), choices=Period.choices, initial=Period.MONTH, required=False
    )

    def clean_budget(self) -> Any:
        amount = self.cleaned_data["budget"]
        if amount is not None and amount <= 0:
            raise ValidationError(gettext("Write an amount above 0, or leave it empty."))
        return amount

    def issue(self) -> tuple[Invitation, str] | None:
        """Create the invitation with its budget, as accounts do."""
        with transaction.atomic():
            issued = super().issue()
            amount = self.cleaned_data["budget"]
            if issued is not None and amount is not None:
                period = self.cleaned_data["budget_period"] or Period.MONTH
                InvitationBudget.objects.create(invitation=issued[0], period=period, amount=amount)
        return issued


def give_budget(sender: Any, invitation: Invitation, user: User, **kwargs: Any) -> None:
    """Set the budget that the invitation brings for whoever has used it, in the same transaction."""
    preset = InvitationBudget.objects.filter(invitation=invitation).first()
    if preset is not None:
        set_budget(Target(Scope.USER, user=user), preset.period, preset.amount)
