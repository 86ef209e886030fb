"""Keeps secrets out of what is printed: whatever a library says in an error may hold one."""

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from django.conf import settings

from contentgen.storage_address import STORE_KEYS
from videos.doctor.finding import Finding
from videos.key_names import available_key_names

_MIN_LENGTH = 4  # characters; what is shorter is cut out of addresses alone
_SECRET_SETTINGS = (
    *("SECRET_KEY", "EMAIL_HOST_PASSWORD", "OIDC_CLIENT_SECRET", "OWNER_PASSWORD"),
    *("SIMULATOR_API_KEY", "BACKEND_KEY", "STORAGE_SECRET_KEY"),
)
_PASSWORD = re.compile(r"(?P<scheme>\w+://[^\s:/@]*):[^\s@/]+@")


def redact_url(url: str) -> str:
    """Return an address without the password in it."""
    return _PASSWORD.sub(r"\g<scheme>:•••@", url)


class Redactor:
    """Cuts out what is secret in this process, as it stands when it is made."""

    def __init__(self) -> None:
        self._secrets = sorted(set(_secrets()), key=len, reverse=True)

    def clean(self, finding: Finding) -> Finding:
        """Return the finding without secrets."""
        return replace(finding, found=self._cut(finding.found), advice=self._cut(finding.advice))

    def _cut(self, text: str) -> str:
        text = redact_url(text)
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        return text


def _secrets() -> Iterable[str]:
    known = [str(getattr(settings, name, "")) for name in _SECRET_SETTINGS]
    known += settings.SECRET_KEY_FALLBACKS
    known += [os.environ[name] for name in available_key_names()]
    known += [os.environ.get(name, "") for name in STORE_KEYS]
    known.append(str(settings.DATABASES["default"].get("PASSWORD") or ""))
    password = urlsplit(settings.REDIS_URL).password or ""
    known += [password, unquote(password)]
    return [secret for secret in known if len(secret) >= _MIN_LENGTH]
