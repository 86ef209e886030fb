"""How `STORAGE_URL` is read: which object store, and where in it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

_FORM = "such as s3://bucket/folder?endpoint=https://s3.example.org&region=eu-central-1"
_OPTIONS = ("endpoint", "public_endpoint", "region", "addressing")
_ADDRESSING = ("path", "virtual")
# What the library reads by itself where the studio has no keys of its own.
AWS_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True)
class ObjectStore:
    """A bucket that speaks the protocol of S3, and the folder in it.

    Without an `endpoint` it is one of AWS. Browsers are sent to the `public_endpoint` where it has another
    address outside. `addressing` says whether the bucket's name is a part of the path or of the host.
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    public_endpoint: str = ""
    region: str = ""
    addressing: str = "virtual"

    def __str__(self) -> str:
        at = f" at {self.endpoint}" if self.endpoint else ""
        return f"s3://{'/'.join(filter(None, (self.bucket, self.prefix)))}{at}"

    @property
    def origins(self) -> list[str]:
        """The origins of the addresses that browsers are sent to."""
        endpoint = self.public_endpoint or self.endpoint
        if not endpoint:
            hosts = [f"s3.{self.region}.amazonaws.com"] if self.region else []
            endpoints = [f"https://{host}" for host in (*hosts, "s3.amazonaws.com")]
        else:
            endpoints = [endpoint]
        return [self._origin(each) for each in endpoints]

    def _origin(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        host = f"{self.bucket}.{parts.netloc}" if self.addressing == "virtual" else parts.netloc
        return f"{parts.scheme}://{host}"


def object_store(url: str) -> ObjectStore:
    """Return the store that the URL names. Raises `ValueError` with what it should be.

    A URL with a key in it is refused with `ImproperlyConfigured`, which does not repeat it.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ImproperlyConfigured(
            "An address of a storage holds no keys: set STORAGE_KEY_ID and STORAGE_SECRET_KEY."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme != "s3" or parts.fragment or set(options) - set(_OPTIONS):
        raise ValueError(_FORM)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc):
        raise ValueError(f"{_FORM}, with the name of a bucket")
    for name in ("endpoint", "public_endpoint"):
        if name in options:
            options[name] = _endpoint(name, options[name])
    # Certificates of AWS are for one label, and a server of one's own rarely has names for its buckets.
    by_path = bool(options.get("endpoint")) or "." in parts.netloc
    addressing = options.setdefault("addressing", "path" if by_path else "virtual")
    if addressing not in _ADDRESSING:
        raise ValueError(f"{_FORM}, with addressing=path or addressing=virtual")
    return ObjectStore(bucket=parts.netloc, prefix=_prefix(parts.path), **options)


def _endpoint(name: str, url: str) -> str:
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ImproperlyConfigured(f"The {name} of a storage holds no keys.")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.path.strip("/"):
        raise ValueError(f"{_FORM}, with an {name} such as https://s3.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def _prefix(path: str) -> str:
    prefix = path.strip("/")
    if any(part in ("", ".", "..") for part in prefix.split("/")) and prefix:
        raise ValueError(f"{_FORM}, with a folder that has a name")
    return prefix


def place(text: str) -> ObjectStore | Path:
    """Return the store or the folder that a text names. Raises `ValueError`."""
    if "://" in text:
        return object_store(text)
    folder = Path(text).expanduser()
    if not folder.is_absolute():
        raise ValueError(f"the whole path of a folder, or an address {_FORM}")
    return folder


@dataclass(frozen=True)
class StorageOptions:
    """What a storage needs beside its place: keys, how long an address works in seconds, and permissions."""

    key_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    url_seconds: int
    file_mode: int
    folder_mode: int

    def entry(self, where: ObjectStore | Path | None) -> dict[str, Any]:
        """Return the entry of Django's `STORAGES` for a place; for None, that of `MEDIA_ROOT`."""
        if isinstance(where, ObjectStore):
            keys = {"access_key": self.key_id, "secret_key": self.secret_key}
            options = {"store": where, "url_seconds": self.url_seconds, **keys}
            return {"BACKEND": "contentgen.object_storage.ObjectStorage", "OPTIONS": options}
        modes = {"file_permissions_mode": self.file_mode, "directory_permissions_mode": self.folder_mode}
        location = {"location": str(where)} if where else {}
        return {"BACKEND": "contentgen.storage.AtomicFileSystemStorage", "OPTIONS": {**location, **modes}}

    def moving_entry(self, where: ObjectStore | None, former: ObjectStore | Path | None) -> dict[str, Any]:
        """Return the entry for a studio whose files may still be at the former place, if there is one."""
        current = self.entry(where)
        if former is None:
            return current
        options = {"current": current, "former": self.entry(former)}
        return {"BACKEND": "contentgen.moving_storage.MovingStorage", "OPTIONS": options}


def origins(*places: ObjectStore | Path | None) -> list[str]:
    """Return the origins that pages of the studio show stored files from."""
    return [origin for each in places if isinstance(each, ObjectStore) for origin in each.origins]
