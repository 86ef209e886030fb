"""Reports of errors to Sentry, or to what speaks its protocol such as GlitchTip, where SENTRY_DSN says so.

A report has the error, where in the code it was raised, and what the line of the log was about. It has no
local variables, bodies, cookies, headers or query strings: those hold prompts, keys and people's addresses.
"""

import re
from typing import Any

from django.conf import settings

from contentgen.monitoring.log_context import current_fields
from contentgen.monitoring.log_format import clean

_DSN = re.compile(r"https?://[^@/\s]+@[^/\s]+/(?:\S+/)?[0-9]+")
_KEPT_OF_A_REQUEST = frozenset({"method", "url"})


def is_dsn(value: str) -> bool:
    """Whether a project of Sentry can have this address."""
    return bool(_DSN.fullmatch(value))


def start() -> None:
    """Report errors from now on, if SENTRY_DSN is set. contentgen.E014 tells of one that is no DSN."""
    if not is_dsn(settings.SENTRY_DSN):
        return
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        integrations=[DjangoIntegration(), CeleryIntegration()],
        auto_enabling_integrations=False,  # that of openai would send prompts
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=scrub,
    )


def scrub(event: Any, hint: Any) -> Any:
    """Return the report without what is nobody's business, and with what the log says it is about."""
    request = event.get("request")
    if request:
        event["request"] = {key: value for key, value in request.items() if key in _KEPT_OF_A_REQUEST}
    event.pop("user", None)
    event.pop("extra", None)  # the arguments of a task
    event.pop("breadcrumbs", None)
    event["tags"] = {**dict(event.get("tags") or {}), **{k: str(v) for k, v in current_fields().items()}}
    return _cleaned(event)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value
