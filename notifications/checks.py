"""System checks of what people are told: what is misconfigured, and what to do about it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register  # noqa: A004

from accounts import mail


@register()
def check_links(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """notifications.W001: emails without links, because nobody has said where the studio is."""
    if not settings.PRODUCTION or settings.PUBLIC_URL or not mail.can_deliver():
        return []
    return [
        Warning(
            "Emails about notifications have no links: PUBLIC_URL is not set.",
            hint="Set PUBLIC_URL to the studio's address, such as https://studio.example.org.",
            id="notifications.W001",
        )
    ]
