from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "billing"
    verbose_name = _("Money")

    def ready(self) -> None:
        from accounts.invitations import invitation_accepted
        from billing.invite_forms import give_budget

        invitation_accepted.connect(give_budget, dispatch_uid="billing.give_budget")
