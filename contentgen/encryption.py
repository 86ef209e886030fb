"""Secrets that the database keeps: encrypted with a key made from SECRET_KEY, read with its fallbacks too.

Each is a Fernet token (AES-128-CBC with HMAC-SHA256, from the package `cryptography`), so one that was
changed, or that another SECRET_KEY made, is recognised.
"""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"contentgen: secrets in the database"  # what else SECRET_KEY signs has another key


class UnreadableSecretError(Exception):
    """Neither SECRET_KEY nor one of SECRET_KEY_FALLBACKS made this token."""


def encrypt(text: str) -> str:
    """Return the text encrypted with SECRET_KEY. Each call returns another token."""
    return _current().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the text that was encrypted. Raises `UnreadableSecretError`."""
    try:
        return MultiFernet([_current(), *map(_fernet, settings.SECRET_KEY_FALLBACKS)]).decrypt(token).decode()
    except InvalidToken as error:
        raise UnreadableSecretError from error


def is_readable(token: str) -> bool:
    """Whether `decrypt` returns a text."""
    try:
        decrypt(token)
    except UnreadableSecretError:
        return False
    return True


def is_current(token: str) -> bool:
    """Whether the token was made with SECRET_KEY itself, and needs no fallback."""
    try:
        _current().decrypt(token)
    except InvalidToken:
        return False
    return True


def _current() -> Fernet:
    return _fernet(settings.SECRET_KEY)


@cache
def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
