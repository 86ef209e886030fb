from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks, sign_in_log  # noqa: F401  # the first registers the system checks
        from accounts.mail import has_due
        from contentgen.activity import register_work

        sign_in_log.connect()
        register_work(has_due)
