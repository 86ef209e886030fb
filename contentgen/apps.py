from django.apps import AppConfig


class ContentGenConfig(AppConfig):
    name = "contentgen"

    def ready(self) -> None:
        from contentgen import checks  # noqa: F401  # registers the system checks
