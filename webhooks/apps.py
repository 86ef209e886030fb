from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from accounts.deactivation import user_deactivated
        from contentgen.activity import register_work
        from contentgen.events import event_published
        from webhooks import checks  # noqa: F401  # registers the system checks
        from webhooks.deliveries import has_due
        from webhooks.endpoints import stop_for
        from webhooks.outbox import record

        event_published.connect(record, dispatch_uid="webhooks.record")
        user_deactivated.connect(stop_for, dispatch_uid="webhooks.stop_for")
        register_work(has_due)
