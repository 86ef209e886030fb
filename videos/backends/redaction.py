"""What is taken out of requests and answers before anybody keeps them: secrets, and the bytes of files."""

import re
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256

MIN_SECRET_LENGTH = 8  # characters; a shorter key ("none", "EMPTY") is no secret
REMOVED = "[removed]"

_MAX_TEXT = 64 * 1024  # characters of one text that are looked through
_MAX_DEPTH = 30
_ENCODED_FILE = re.compile(r"[\w+/=\r\n-]{512,}", re.ASCII)  # base64; no prompt looks like it
_DATA_URL = re.compile(r"data:([\w.+/-]*)[^,]{0,100};base64,(.*)", re.DOTALL)
# Scheme, user and password, the rest up to the query, and the query, where signed links have their secret.
_ADDRESS = re.compile(
    r"\b([a-z][a-z0-9+.-]{0,20}://)(?:[^\s/?#@\"'<>]*@)?([^\s?#\"'<>]*)(?:[?#][^\s\"'<>]*)?", re.IGNORECASE
)
_PATH_WITH_QUERY = re.compile(r"(/[^\s?#]*)[?#]\S*")
_SECRET_NAME = re.compile(
    r"(^|[_-])(authorization|password|passwd|secret|signature|token|credential|cookie|(api|access)[_-]?key)s?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Redactor:
    """Takes `secrets` out of texts and JSON values, and what is secret by its name or its place."""

    secrets: tuple[str, ...] = ()

    def text(self, text: str) -> str:
        """Return the text without secrets, and without what addresses have before their host and after their
        path. It can be stored in any database.
        """
        for secret in self.secrets:
            if len(secret) >= MIN_SECRET_LENGTH:
                text = text.replace(secret, REMOVED)
        text = _ADDRESS.sub(r"\1\2", text[:_MAX_TEXT])
        if match := _PATH_WITH_QUERY.fullmatch(text):
            text = match[1]
        return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()

    def value(self, value: object, depth: int = 0) -> object:
        """Return a JSON value with its texts redacted, and with type, size and SHA-256 in place of a file."""
        if depth > _MAX_DEPTH:
            return "[nested too deeply]"
        if isinstance(value, dict):
            return {self.text(name): self._named(name, each, depth) for name, each in value.items()}
        if isinstance(value, list):
            return [self.value(each, depth + 1) for each in value]
        if isinstance(value, str):
            return _encoded_file(value) or self.text(value)
        return value

    def _named(self, name: str, value: object, depth: int) -> object:
        is_secret = isinstance(value, str) and value and _SECRET_NAME.search(name)
        return REMOVED if is_secret else self.value(value, depth + 1)


def file_facts(content: bytes) -> dict[str, object]:
    """Return what is told of a file: its size and its SHA-256."""
    return {"bytes": len(content), "sha256": sha256(content).hexdigest()}


def _encoded_file(text: str) -> dict[str, object] | None:
    """Return what is known of the file that a text is, as a `data:` URL or in base64; None if it is none."""
    if match := _DATA_URL.fullmatch(text):
        return {"type": match[1], **file_facts(_decode(match[2]))}
    return file_facts(_decode(text)) if _ENCODED_FILE.fullmatch(text) else None


def _decode(text: str) -> bytes:
    standard = text.replace("-", "+").replace("_", "/").rstrip("=\r\n")
    try:
        return b64decode(standard + "=" * (-len(standard) % 4))
    except ValueError:
        return text.encode(errors="replace")
