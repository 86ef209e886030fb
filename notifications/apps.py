from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "notifications"
    verbose_name = _("Messages")

    def ready(self) -> None:
        from contentgen.events import event_published
        from notifications import checks, recording  # noqa: F401  # registers the system checks

        event_published.connect(recording.record, dispatch_uid="notifications.record")
