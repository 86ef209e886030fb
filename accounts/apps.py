from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from accounts import checks, sign_in_log  # noqa: F401  # the first registers the system checks
        from accounts.mail import has_due
        from contentgen.activity import register_work

        sign_in_log.connect()
        register_work(has_due)
