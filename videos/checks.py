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
from django.db import DatabaseError, connections

from videos.models import VideoModel
from videos.models.backend import is_openai

_ENDS_IN_VERSION = re.compile(r"/v\d[\w.-]*$")


def fault_in_address(address: str) -> str:
    """Return what is wrong with a backend's base URL, to be read after its name; empty when nothing is."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, None
    if parts is None or not host or parts.scheme not in ("http", "https") or re.search(r"\s", address):
        return "must be an http or https URL such as http://127.0.0.1:8000/v1"
    if parts.username or parts.password:
        return "must not hold a password; the key belongs into its environment variable"
    if parts.query or parts.fragment:
        return "must end with its path, without “?” or “#”"
    if not _ENDS_IN_VERSION.search(parts.path):
        return "should end in the version of the API, most often /v1"
    return ""


@register("settings")
def check_defaults(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.E001: the shape of DEFAULT_MODEL, DEFAULT_SIZE and DEFAULT_SECONDS."""
    faults = []
    if not settings.DEFAULT_MODEL.strip():
        faults.append(("DEFAULT_MODEL", "the name of a model, such as sora-2"))
    if not re.fullmatch(r"[1-9]\d{0,4}x[1-9]\d{0,4}", settings.DEFAULT_SIZE):
        faults.append(("DEFAULT_SIZE", "WIDTHxHEIGHT in pixels, such as 1280x720"))
    if settings.DEFAULT_SECONDS <= 0:
        faults.append(("DEFAULT_SECONDS", "a number of seconds above 0, such as 4"))
    return [
        Error(
            f"{name} is “{getattr(settings, name)}”, which is no default for a video.",
            hint=f"Set {name} to {wanted}.",
            id="videos.E001",
        )
        for name, wanted in faults
    ]


@register()
def check_broker(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.E002: production without a broker."""
    if not settings.PRODUCTION or settings.REDIS_URL:
        return []
    return [
        Error(
            "REDIS_URL is not set, so no worker would ever hear of a video.",
            hint="Set REDIS_URL to your Redis or Valkey, such as redis://localhost:6379/0.",
            id="videos.E002",
        )
    ]


@register()
def check_folders(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.E003: folders that cannot be written to."""
    folders = {"DATA_DIR": Path(settings.DATA_DIR)}
    if settings.STORAGES["default"]["BACKEND"].endswith(".FileSystemStorage"):
        folders["VIDEO_STORAGE_PATH"] = Path(settings.VIDEO_STORAGE_PATH)
    return [
        Error(
            f"{name} ({folder}) cannot be written to.",
            hint=f"Give the user of this process the right to write there, or set {name} to another folder.",
            id="videos.E003",
        )
        for name, folder in folders.items()
        if not _is_writable(folder)
    ]


def _is_writable(folder: Path) -> bool:
    """Whether files can be made in `folder`, or the folder itself where it is not there yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


@register()
def check_backend(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """videos.W001 and W002: where the videos are to come from."""
    key_alone = bool(settings.OPENAI_API_KEY and not settings.OPENAI_BASE_URL)
    if key_alone or is_openai(settings.OPENAI_BASE_URL):
        what = (
            "OPENAI_API_KEY is set without OPENAI_BASE_URL"
            if key_alone
            else "OPENAI_BASE_URL is OpenAI's own"
        )
        return [
            Warning(
                f"{what}. OpenAI's own address has not served the Videos API since 24 September 2026, so a "
                "video that goes there fails.",
                hint="Set OPENAI_BASE_URL to a server that speaks the Videos API, or unset OPENAI_API_KEY to "
                "use the simulator. A key alone does no harm while another backend is enabled in the admin.",
                id="videos.W001",
            )
        ]
    fault = fault_in_address(settings.OPENAI_BASE_URL) if settings.OPENAI_BASE_URL else ""
    if not fault:
        return []
    return [
        Warning(
            f"OPENAI_BASE_URL {fault}.",
            hint="Correct OPENAI_BASE_URL: it is put before /videos in every request.",
            id="videos.W002",
        )
    ]


@register(Tags.database)
def check_catalogue(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """videos.W003: defaults that the catalogue does not offer. Says nothing before the first migration."""
    if "default" not in (databases or ()):
        return []
    try:
        if VideoModel._meta.db_table not in connections["default"].introspection.table_names():
            return []
        model = VideoModel.objects.filter(name=settings.DEFAULT_MODEL, enabled=True).first()
    except DatabaseError:
        return []  # whatever is wrong with the database, its own checks and errors say it better
    if model is None:
        wrong = [f"DEFAULT_MODEL “{settings.DEFAULT_MODEL}”"]
    else:
        wrong = [
            f"{name} “{value}”"
            for name, value, offered in (
                ("DEFAULT_SIZE", settings.DEFAULT_SIZE, model.sizes),
                ("DEFAULT_SECONDS", settings.DEFAULT_SECONDS, model.seconds),
            )
            if value not in offered
        ]
    return [
        Warning(
            f"The catalogue does not offer the {what}.",
            hint="Change the setting, or the model in the admin.",
            id="videos.W003",
        )
        for what in wrong
    ]
