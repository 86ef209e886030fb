"""System checks of webhooks: what is misconfigured, and what to do about it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004
from django.db import DatabaseError

from contentgen import encryption
from webhooks.models import Endpoint


@register(Tags.database)
def check_secrets(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """webhooks.W001 and W002: secrets that this SECRET_KEY cannot read, or only a fallback.

    Passes before the first migration.
    """
    if "default" not in (databases or ()):
        return []
    try:
        stored = list(Endpoint.objects.values_list("public_id", "secret"))
    except DatabaseError:
        return []
    unreadable = [name for name, token in stored if not encryption.is_readable(token)]
    stale = [name for name, token in stored if name not in unreadable and not encryption.is_current(token)]
    return [*map(_unreadable_message, unreadable), *map(_stale_message, stale)]


def _unreadable_message(name: str) -> CheckMessage:
    return Warning(
        f"The secret of the webhook {name} can't be read with this SECRET_KEY, so nothing is sent to it.",
        hint="Put the former SECRET_KEY into SECRET_KEY_FALLBACKS, start again, and run rotate_secrets; or "
        "have its owner rotate the secret.",
        id="webhooks.W001",
    )


def _stale_message(name: str) -> CheckMessage:
    return Warning(
        f"The secret of the webhook {name} was encrypted with a former SECRET_KEY.",
        hint="Run rotate_secrets before you take that one off SECRET_KEY_FALLBACKS.",
        id="webhooks.W002",
    )
