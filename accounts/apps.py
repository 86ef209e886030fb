from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks, sign_in_log  # noqa: F401  # the first registers the system checks

        sign_in_log.connect()
