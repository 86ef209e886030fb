from django.apps import AppConfig


class BillingConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "billing"

    def ready(self) -> None:
        from accounts.invitations import invitation_accepted
        from billing.invite_forms import give_budget

        invitation_accepted.connect(give_budget, dispatch_uid="billing.give_budget")
