"""System checks of the settings: what is misconfigured, and what to do about it.

`make run` runs those with the tag `SETTINGS` before it starts anything.
"""

import os
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004

from contentgen import disk_space
from contentgen.monitoring import error_reports, tracing
from contentgen.public_url import path_of
from contentgen.secrets_check import password_weakness
from contentgen.storage_address import ObjectStore

SETTINGS = "settings"
MIN_TOKEN_LENGTH = 20  # characters of METRICS_TOKEN

_RANGES = {
    "PORT": (1, 65_535),
    "DATABASE_LOCK_TIMEOUT": (0, 3600),
    "DATABASE_STATEMENT_TIMEOUT": (0, 3600),
    "METRICS_PORT": (0, 65_535),
    "MAX_POLL_TIMEOUT": (1, None),
    "MAX_QUEUE_TIMEOUT": (1, None),
    "MAX_FILE_SIZE": (1, None),
    "MAX_CHARACTER_CLIP_SIZE": (1, None),
    "MAX_BATCH_ROWS": (1, 1_000_000),
    "MAX_BATCH_FILE_SIZE": (1024, 1 << 30),
    "MAX_BATCH_ZIP_SIZE": (1024, 8 << 30),
    "MAX_BATCH_CELL_LENGTH": (100, 131_072),  # beyond, Python's reader of CSV stops
    "MAX_BACKEND_REPLY": (64 << 10, None),
    "MAX_DOWNLOAD_SIZE": (1, None),
    "MAX_DOWNLOAD_SECONDS": (1, None),
    "WORKER_MEDIA_MEMORY": (256 << 20, None),
    "WORKER_MEDIA_CPU_SECONDS": (10, None),
    "WORKER_MEDIA_SECONDS": (10, None),
    "WORKER_DRAIN_SECONDS": (1, 3600),
    "TRASH_RETENTION_DAYS": (1, 3650),
    "RETENTION_DAYS": (0, 3650),
    "RETENTION_WARNING_DAYS": (1, 90),
    "ORIGINAL_DAYS": (0, 3650),
    "BROWSER_COPY_DAYS": (0, 3650),
    "STORAGE_QUOTA_GB": (0, 1_000_000),
    "STORAGE_URL_SECONDS": (30, 86_400),
    "APPROVAL_DAYS": (1, 365),
    "SHARE_LINK_DAYS": (1, 3650),
    "SHARE_LINK_MAX_DAYS": (1, 3650),
    "API_REQUESTS_PER_MINUTE": (1, None),
    "ACCOUNT_DELETION_DAYS": (0, 365),
    "TRUST_PROXY": (0, 10),
    "PROMPT_HELP_TIMEOUT": (2, 50),
    "PROMPT_HELP_PER_MINUTE": (1, 1000),
    "WEBHOOK_TIMEOUT": (1, 60),
    "WEBHOOK_DISABLE_AFTER_DAYS": (1, 365),
    "WEBHOOK_SECRET_OVERLAP_HOURS": (0, 720),
    "WEBHOOK_LOG_DAYS": (1, 3650),
}


@register(SETTINGS)
def check_ranges(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E001: numbers that are too small or too large."""
    return [
        Error(
            f"{name} is {getattr(settings, name)}.",
            hint=f"Set {name} to a whole number from {least}" + (f" to {most}." if most else " up."),
            id="contentgen.E001",
        )
        for name, (least, most) in _RANGES.items()
        if not least <= getattr(settings, name) <= (most or float("inf"))
    ]


@register(SETTINGS)
def check_prompt_help(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E018: a server for help with prompts that cannot be asked as it is named."""
    url = "" if settings.PROMPT_HELP_URL == "off" else settings.PROMPT_HELP_URL
    prices = (settings.PROMPT_HELP_PRICE_IN, settings.PROMPT_HELP_PRICE_OUT)
    problems = []
    if url and not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s?#]*)?", url):
        hint = "Give the address of its API, such as https://chat.example.org/v1, and the key apart from it."
        problems.append(("PROMPT_HELP_URL is no address of a server.", hint))
    if url and not settings.PROMPT_HELP_MODEL:
        hint = "Set PROMPT_HELP_MODEL to the name of a model of that server."
        problems.append(("PROMPT_HELP_URL is set, and PROMPT_HELP_MODEL is not.", hint))
    if (prices[0] is None) != (prices[1] is None):
        hint = "Set both prices, or neither; 0 is a price too."
        problems.append(("Only one of PROMPT_HELP_PRICE_IN and PROMPT_HELP_PRICE_OUT is set.", hint))
    return [Error(text, hint=hint, id="contentgen.E018") for text, hint in problems]


@register(SETTINGS)
def check_audit_retention(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E006: an audit log that is kept for so short that nobody can look anything up."""
    days: int = settings.AUDIT_RETENTION_DAYS
    if days == 0 or 30 <= days <= 36_500:
        return []
    return [
        Error(
            f"AUDIT_RETENTION_DAYS is {days}.",
            hint="Set AUDIT_RETENTION_DAYS to a whole number from 30 to 36500, or to 0 to keep everything.",
            id="contentgen.E006",
        )
    ]


@register(SETTINGS)
def check_backend_job_days(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E008: jobs at backends that are to be deleted after so long that nobody can mean it."""
    days = settings.BACKEND_JOB_DAYS
    if days is None or days <= 3650:
        return []
    return [
        Error(
            f"BACKEND_JOB_DAYS is {days}.",
            hint="Set BACKEND_JOB_DAYS to a whole number from 0 to 3650, or unset it to leave jobs there.",
            id="contentgen.E008",
        )
    ]


@register(SETTINGS)
def check_file_ages(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E009: original and copy for browsers both to be removed."""
    if not (settings.ORIGINAL_DAYS and settings.BROWSER_COPY_DAYS):
        return []
    return [
        Error(
            "ORIGINAL_DAYS and BROWSER_COPY_DAYS are both set.",
            hint="Set one of them to 0: one of the two files must stay.",
            id="contentgen.E009",
        )
    ]


@register(SETTINGS)
def check_origins(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E002: entries of CORS_ALLOWED_ORIGINS that are not origins."""
    return [
        Error(
            f"CORS_ALLOWED_ORIGINS holds “{origin}”, which is not an origin.",
            hint="CORS_ALLOWED_ORIGINS must list origins such as https://tools.example.org, without a path.",
            id="contentgen.E002",
        )
        for origin in settings.CORS_ALLOWED_ORIGINS
        if not re.fullmatch(r"https?://[^/\s?#]+", origin)
    ]


@register(SETTINGS)
def check_min_free_disk(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E003: a MIN_FREE_DISK that no disk here can have."""
    wanted = settings.MIN_FREE_DISK
    if wanted is None:
        return []
    smallest = min(disk_space.disks(), key=lambda disk: disk.total)
    if 0 <= wanted < smallest.total:
        return []
    return [
        Error(
            f"MIN_FREE_DISK is {wanted}, and the disk of {smallest.setting} has {smallest.total} bytes.",
            hint="Set MIN_FREE_DISK to a number of bytes from 0, for no warning, to less than the disk has.",
            id="contentgen.E003",
        )
    ]


@register(SETTINGS)
def check_storage(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E015 to E017, E019: half a key, a move that leads nowhere, a location that nginx does not
    know, an extra that is missing.
    """
    found: list[CheckMessage] = _check_extras()
    if bool(settings.STORAGE_KEY_ID) != bool(settings.STORAGE_SECRET_KEY):
        found.append(
            Error(
                "Only one of STORAGE_KEY_ID and STORAGE_SECRET_KEY is set.",
                hint="Set both, or neither: then AWS_ACCESS_KEY_ID counts, or the role of the machine.",
                id="contentgen.E015",
            )
        )
    current = settings.STORAGE_URL or settings.VIDEO_STORAGE_PATH
    if current == settings.STORAGE_FORMER:
        found.append(
            Error(
                "STORAGE_FORMER is where the files are anyway.",
                hint="Set STORAGE_FORMER to the place that they are moved from, or unset it.",
                id="contentgen.E016",
            )
        )
    if settings.X_ACCEL_REDIRECT and not re.fullmatch(r"/[A-Za-z0-9_./-]+", settings.X_ACCEL_REDIRECT):
        found.append(
            Error(
                f"X_ACCEL_REDIRECT is “{settings.X_ACCEL_REDIRECT}”, which is not a location.",
                hint="Set X_ACCEL_REDIRECT to the path of nginx's internal location, such as /stored/.",
                id="contentgen.E017",
            )
        )
    return found


def _check_extras() -> list[CheckMessage]:
    return [
        Error(
            f"{name} is {place}, and what such a store needs is not installed.",
            hint=f"Install it: {place.missing_extra}",
            id="contentgen.E019",
        )
        for name, place in (
            ("STORAGE_URL", settings.STORAGE_URL),
            ("STORAGE_FORMER", settings.STORAGE_FORMER),
        )
        if isinstance(place, ObjectStore) and place.missing_extra
    ]


@register(SETTINGS)
def check_owner_password(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E004: in production, a password of the owner that can be guessed."""
    if not settings.PRODUCTION or not settings.OWNER_PASSWORD:
        return []
    weakness = password_weakness(settings.OWNER_PASSWORD, username=settings.OWNER_USERNAME)
    if not weakness:
        return []
    return [
        Error(
            f"OWNER_PASSWORD can be guessed: it {weakness}.",
            hint="Set another one, or unset it to have one generated. Where the account exists already, "
            "change its password too: python manage.py changepassword.",
            id="contentgen.E004",
        )
    ]


@register(SETTINGS)
def check_public_url(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E005: a PUBLIC_URL at which no service could call back."""
    url = settings.PUBLIC_URL
    path = path_of(url) or ""
    if not url or (is_origin(url.removesuffix(path)) and re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", path)):
        return []
    return [
        Error(
            f"PUBLIC_URL is “{url}”, which is not an address of a studio.",
            hint="Set PUBLIC_URL to where the internet reaches the studio, such as "
            "https://studio.example.org or https://example.org/studio. Unset it, and no service is asked to "
            "call back.",
            id="contentgen.E005",
        )
    ]


def is_origin(url: str) -> bool:
    """Whether `url` is http or https, a host and perhaps a port, and nothing else."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return bool(re.fullmatch(r"https?://[^/\s?#@\\]+", url) and parts.hostname)


@register(SETTINGS)
def check_base_url(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.W010: two addresses of one studio."""
    base = os.environ.get("BASE_URL", "").rstrip("/")
    if not base or base == settings.PUBLIC_URL:
        return []
    return [
        Warning(
            f"BASE_URL is “{base}”, and PUBLIC_URL is “{settings.PUBLIC_URL}”.",
            hint="Both name the studio's address: unset BASE_URL.",
            id="contentgen.W010",
        )
    ]


@register(SETTINGS)
def check_metrics(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E012: metrics for whoever guesses a token, or on the port of the pages."""
    found: list[CheckMessage] = []
    if 0 < len(settings.METRICS_TOKEN) < MIN_TOKEN_LENGTH:
        hint = f"Set METRICS_TOKEN to at least {MIN_TOKEN_LENGTH} random characters."
        found.append(Error("METRICS_TOKEN can be guessed.", hint=hint, id="contentgen.E012"))
    if settings.METRICS_PORT and settings.METRICS_PORT == settings.PORT:
        hint = "Set METRICS_PORT to another one, which only Prometheus can reach."
        found.append(Error("METRICS_PORT is PORT, which has the pages.", hint=hint, id="contentgen.E012"))
    return found


@register(SETTINGS)
def check_tracing(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E013: traces that are asked for and cannot be sent."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT or tracing.is_installed():
        return []
    return [
        Error(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed.",
            hint="Install it: pip install -r requirements-tracing.txt",
            id="contentgen.E013",
        )
    ]


@register(SETTINGS)
def check_sentry(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.E014: a SENTRY_DSN that is none."""
    if not settings.SENTRY_DSN or error_reports.is_dsn(settings.SENTRY_DSN):
        return []
    return [
        Error(
            "SENTRY_DSN is no DSN.",
            hint="Copy it from the project's settings there: https://KEY@HOST/NUMBER.",
            id="contentgen.E014",
        )
    ]


@register(SETTINGS)
def check_trust_proxy(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.W005: a yes or no where the number of proxies belongs."""
    value = os.environ.get("TRUST_PROXY", "")
    if not value or value.isdigit():
        return []
    return [
        Warning(
            f"TRUST_PROXY={value} is read as {settings.TRUST_PROXY}, and will not be in a later release.",
            hint="Set TRUST_PROXY to the number of proxies in front of the studio: a client's address is "
            "taken from that place of X-Forwarded-For, counted from the right.",
            id="contentgen.W005",
        )
    ]


@register(SETTINGS)
def check_deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.W001: production that is asked for in the way of earlier releases."""
    if not settings.PRODUCTION or os.environ.get("DEPLOYMENT"):
        return []
    return [
        Warning(
            "DEBUG=0 alone still means production, but will not in a later release.",
            hint="Set DEPLOYMENT=production instead. DEBUG only turns Django's debug pages on.",
            id="contentgen.W001",
        )
    ]


@register(SETTINGS)
def check_renamed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """contentgen.W002 to W004: settings by their old names, and those of scripts."""
    found: list[CheckMessage] = []
    if os.environ.get("TRASH_DAYS"):
        found.append(
            Warning(
                "TRASH_DAYS has a new name, and will not be read in a later release.",
                hint="Set TRASH_RETENTION_DAYS instead.",
                id="contentgen.W002",
            )
        )
    if settings.OLD_BACKEND_NAMES == "used":
        found.append(
            Warning(
                "OPENAI_BASE_URL and OPENAI_API_KEY name the backend. They will be left to scripts in a "
                "later release.",
                hint="Set BACKEND_URL and BACKEND_KEY instead.",
                id="contentgen.W003",
            )
        )
    if settings.OLD_BACKEND_NAMES == "ignored":
        found.append(
            Warning(
                "OPENAI_BASE_URL and OPENAI_API_KEY are those of scripts that use this studio, so they name "
                "no backend.",
                hint="To connect a backend, set BACKEND_URL and BACKEND_KEY, or run add_backend.",
                id="contentgen.W004",
            )
        )
    return found
