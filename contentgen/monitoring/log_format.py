"""How a line of the log is written: for people, or as JSON for programs; in both without secrets."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from contentgen.monitoring.log_context import current_fields

_SECRETS = (
    # E-mail addresses.
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), "…@…"),
    # Addresses whose query may be a signature, and whose user part a password.
    (re.compile(r"(\bhttps?://[^\s\"'\\?#<>]+)\?[^\s\"'\\<>]+"), r"\1?…"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://)[^\s/\"'\\@]{1,200}@"), r"\1…@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 …"),
    (re.compile(r"\b(?:sk|pk|key|cg)[-_][\w-]{16,}"), "…"),
    (re.compile(r"(/s/)[A-Za-z0-9_-]{20,}"), r"\1…"),
)


def clean(text: str) -> str:
    """Return `text` without e-mail addresses, keys, signed addresses and share links."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class LineFormatter(logging.Formatter):
    """A line for people: time, level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


class JsonFormatter(logging.Formatter):
    """A line that is one JSON object.

    Of a record's extra attributes none is written: Django's hold whole requests.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": clean(record.getMessage()),
            **current_fields(),
        }
        if record.exc_info:
            line["exception"] = clean(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = clean(self.formatStack(record.stack_info))
        return json.dumps(line, ensure_ascii=False, default=str)
