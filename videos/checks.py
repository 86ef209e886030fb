"""System checks: what is misconfigured, and what to do about it."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connections

from contentgen import encryption
from contentgen.own_address import is_own_address
from videos.key_names import describe_key_names, is_key_name
from videos.models import Backend, VideoModel
from videos.models.backend import is_openai

LEADS_BACK = "A studio cannot be its own backend: one request would breed copies of itself without end."

_ENDS_IN_VERSION = re.compile(r"/v\d[\w.-]*$")


def validate_base_url(url: str, *, name: str) -> None:
    """Raise `ValidationError` unless `url` can be a backend's base URL. Its sentence begins with `name`."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, None
    if parts is None or not host or parts.scheme not in ("http", "https") or re.search(r"\s", url):
        raise ValidationError(f"{name} must be an http or https URL such as http://127.0.0.1:8000/v1.")
    if parts.username or parts.password:
        raise ValidationError(f"{name} must not contain a password; the key has a place of its own.")
    if parts.query or parts.fragment:
        raise ValidationError(f"{name} must end with its path, without “?” or “#”.")
    if not _ENDS_IN_VERSION.search(parts.path):
        raise ValidationError(f"{name} should end in the version of the API, most often /v1.")
    if is_own_address(url, settings.OWN_ADDRESSES):
        raise ValidationError(f"{name} is this studio's own. {LEADS_BACK}")


def validate_key_name(name: str) -> None:
    """Raise `ValidationError` unless the variable `name` may hold a backend's key; empty stands for none."""
    if name and not is_key_name(name):
        raise ValidationError(
            f"Give the name of a variable for backends' keys, never the key itself. {describe_key_names()}"
        )


@register("settings")
def check_defaults(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.E001: a default that is malformed: DEFAULT_MODEL, DEFAULT_SIZE or DEFAULT_SECONDS."""
    malformed = []
    if not settings.DEFAULT_MODEL.strip():
        malformed.append(("DEFAULT_MODEL", "the name of a model, such as sora-2"))
    if not re.fullmatch(r"[1-9]\d{0,4}x[1-9]\d{0,4}", settings.DEFAULT_SIZE):
        malformed.append(("DEFAULT_SIZE", "WIDTHxHEIGHT in pixels, such as 1280x720"))
    if settings.DEFAULT_SECONDS <= 0:
        malformed.append(("DEFAULT_SECONDS", "a number of seconds above 0, such as 4"))
    return [
        Error(
            f"{name} is “{getattr(settings, name)}”, which cannot be a default.",
            hint=f"Set {name} to {wanted}.",
            id="videos.E001",
        )
        for name, wanted in malformed
    ]


@register()
def check_broker(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.E002: a production deployment without a broker."""
    if not settings.PRODUCTION or settings.REDIS_URL:
        return []
    return [
        Error(
            "REDIS_URL is not set, so no worker would ever be told of a video.",
            hint="Set REDIS_URL to your Redis or Valkey, such as redis://localhost:6379/0.",
            id="videos.E002",
        )
    ]


@register()
def check_folders(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.E003: a folder that cannot be written to."""
    folders = {"DATA_DIR": Path(settings.DATA_DIR)}
    if settings.STORAGE_URL is None:
        folders["VIDEO_STORAGE_PATH"] = Path(settings.VIDEO_STORAGE_PATH)
    return [
        Error(
            f"{name} ({folder}) cannot be written to.",
            hint=f"Give this process's user write permission there, or set {name} to another folder.",
            id="videos.E003",
        )
        for name, folder in folders.items()
        if not _is_writable(folder)
    ]


def _is_writable(folder: Path) -> bool:
    """Whether files can be created in `folder`, or the folder itself if it does not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


@register()
def check_backend(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.W001 and W002: an address that makes no videos any more, and an unusable base URL."""
    key_alone = bool(settings.BACKEND_KEY and not settings.BACKEND_URL)
    if key_alone or is_openai(settings.BACKEND_URL):
        what = "BACKEND_KEY is set without BACKEND_URL" if key_alone else "BACKEND_URL is OpenAI's own"
        return [
            Warning(
                f"{what}. OpenAI's own address has not served the Videos API since 24 September 2026, so a "
                "video that goes there fails.",
                hint="Set BACKEND_URL to a server that speaks the Videos API, or unset BACKEND_KEY to "
                "use the simulator. A key alone does no harm while another backend is enabled in the admin.",
                id="videos.W001",
            )
        ]
    if settings.BACKEND_URL and not is_own_address(settings.BACKEND_URL, settings.OWN_ADDRESSES):
        try:
            validate_base_url(settings.BACKEND_URL, name="BACKEND_URL")
        except ValidationError as error:
            hint = "Correct BACKEND_URL: every request goes to an address that begins with it."
            return [Warning(error.messages[0], hint=hint, id="videos.W002")]
    return []


@register("settings")
def check_own_address(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.E004: a studio that is to be its own backend."""
    if not is_own_address(settings.BACKEND_URL, settings.OWN_ADDRESSES):
        return []
    return [
        Error(
            f"BACKEND_URL is this studio's own address. {LEADS_BACK}",
            hint="Set BACKEND_URL to the server that makes the videos. Scripts that use the studio are told "
            "by OPENAI_BASE_URL where it is.",
            id="videos.E004",
        )
    ]


def check_key_names(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.E006: a setting of the studio's own in BACKEND_KEY_NAMES."""
    return [
        Error(
            f"BACKEND_KEY_NAMES lists {name}, which is a setting of the studio.",
            hint="Take it off BACKEND_KEY_NAMES, and put the backend's key into a variable of its own, such "
            "as BACKEND_KEY_BOX.",
            id="videos.E006",
        )
        for name in settings.BACKEND_KEY_NAMES
        if not is_key_name(name)
    ]


@register(Tags.database)
def check_backend_keys(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """videos.E005 and W004: backends of before whose key would silently no longer be sent.

    An error for a name that an operator can allow, so that an upgrade stops before anything is lost; a
    warning for the studio's own settings, which are never sent. Passes before the first migration.
    """
    if "default" not in (databases or ()):
        return []
    try:
        if Backend._meta.db_table not in connections["default"].introspection.table_names():
            return []
        rows = Backend.objects.exclude(key_env="").filter(is_simulator=False)
        named = list(rows.values_list("name", "key_env"))  # whatever columns are still to be added
    except DatabaseError:
        return []
    return [_key_message(name, key_env) for name, key_env in named if not is_key_name(key_env)]


def _key_message(backend: str, key_env: str) -> CheckMessage:
    text = f"The backend “{backend}” takes its key from {key_env}"
    if key_env in settings.OWN_VARIABLES:
        return Warning(
            f"{text}, a setting of the studio, which is not sent to it.",
            hint="Put the backend's key into a variable of its own, such as BACKEND_KEY_BOX, and name that "
            "in the admin.",
            id="videos.W004",
        )
    return Error(
        f"{text}, which is no variable for keys.",
        hint=f"If that is right, add BACKEND_KEY_NAMES={key_env} to the environment or .env (several names "
        "with commas between them), and start again. Nothing else changes.",
        id="videos.E005",
    )


@register(Tags.database)
def check_stored_keys(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """videos.W005 and W006: stored keys that this SECRET_KEY cannot read, or only a fallback.

    Passes before the first migration, and before the one that stores keys.
    """
    if "default" not in (databases or ()):
        return []
    try:
        columns = _columns_of(Backend._meta.db_table)
        stored = Backend.objects.exclude(stored_key="") if "stored_key" in columns else Backend.objects.none()
        keys = list(stored.values_list("name", "stored_key"))
    except DatabaseError:
        return []
    unreadable = [name for name, token in keys if not encryption.is_readable(token)]
    stale = [name for name, token in keys if name not in unreadable and not encryption.is_current(token)]
    return [
        *(_unreadable_key_message(name) for name in unreadable),
        *(_stale_key_message(name) for name in stale),
    ]


def _columns_of(table: str) -> set[str]:
    """Return the columns that the table has now; none where it is not there yet."""
    connection = connections["default"]
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return set()
        return {each.name for each in connection.introspection.get_table_description(cursor, table)}


def _unreadable_key_message(backend: str) -> CheckMessage:
    return Warning(
        f"The stored key of the backend “{backend}” can't be read with this SECRET_KEY, so nothing is sent.",
        hint="Put the former SECRET_KEY into SECRET_KEY_FALLBACKS, start again, and run rotate_secrets; or "
        "paste the key again in the admin under Backends.",
        id="videos.W005",
    )


def _stale_key_message(backend: str) -> CheckMessage:
    return Warning(
        f"The stored key of the backend “{backend}” was encrypted with a former SECRET_KEY.",
        hint="Run rotate_secrets before you take that one off SECRET_KEY_FALLBACKS.",
        id="videos.W006",
    )


@register(Tags.database)
def check_catalogue(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """videos.W003: a default that the catalogue does not offer. Passes before the first migration."""
    if "default" not in (databases or ()):
        return []
    try:
        if VideoModel._meta.db_table not in connections["default"].introspection.table_names():
            return []
        model = VideoModel.objects.filter(name=settings.DEFAULT_MODEL, enabled=True).first()
    except DatabaseError:
        return []  # a broken database is reported better by its own checks and errors
    if model is None:
        not_offered = [f"DEFAULT_MODEL “{settings.DEFAULT_MODEL}”"]
    else:
        not_offered = [
            f"{name} “{value}”"
            for name, value, offered in (
                ("DEFAULT_SIZE", settings.DEFAULT_SIZE, model.sizes),
                ("DEFAULT_SECONDS", settings.DEFAULT_SECONDS, model.seconds),
            )
            if value not in offered
        ]
    return [
        Warning(
            f"The catalogue does not offer the {default}.",
            hint="Change the setting, or the model in the admin.",
            id="videos.W003",
        )
        for default in not_offered
    ]
