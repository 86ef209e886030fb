"""The versions of the studio and of what it runs on, for whoever reports a fault or plans an upgrade."""

import platform
import sqlite3
from dataclasses import dataclass
from importlib.metadata import version

import django
from django.db import connection
from redis import RedisError

from contentgen import broker
from contentgen.version import VERSION
from videos.engine import safe_cache
from videos.media.errors import DecoderBusyError, DecoderLimitError
from videos.media.versions import ffmpeg_version

_DAY = 86_400  # seconds


@dataclass(frozen=True)
class Version:
    """A part and its version; the version is empty where it cannot be had now."""

    name: str
    version: str


def versions() -> list[Version]:
    """Return all versions. A broker or a decoder that does not answer within a second or five has none."""
    return [
        Version("ContentGen", VERSION),
        Version("Django", django.get_version()),
        Version("Python", platform.python_version()),
        _database(),
        _broker(),
        Version("FFmpeg", _ffmpeg()),
        Version("PyAV", version("av")),
    ]


def _database() -> Version:
    if connection.vendor == "sqlite":
        return Version("SQLite", sqlite3.sqlite_version)
    return Version(connection.display_name, ".".join(map(str, connection.get_database_version())))


def _broker() -> Version:
    try:
        with broker.connect() as connected:
            told = connected.info("server")
    except (RedisError, OSError, RuntimeError):
        return Version("Broker", "")
    if "valkey_version" in told:
        return Version("Valkey", str(told["valkey_version"]))
    return Version("Redis", str(told.get("redis_version", "")))


def _ffmpeg() -> str:
    """Return FFmpeg's version, for which a process is started once a day."""
    key = f"ffmpeg-version:{version('av')}"
    known: str | None = safe_cache.get_many([key]).get(key)
    if known is None:
        try:
            known = ffmpeg_version()
        except (DecoderBusyError, DecoderLimitError, OSError):
            return ""
        safe_cache.set_many({key: known}, timeout=_DAY)
    return known
