"""How `STORAGE_URL` is read: which object store, and where in it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class StoreKind:
    """A protocol of object stores: an example of an address, its options, and what it takes beside them.

    `extra` is the file of requirements that installs the `package`, where the studio does not have it anyway.
    """

    example: str
    options: tuple[str, ...]
    backend: str
    name_form: str
    extra: str = ""
    package: str = ""


KINDS = {
    "s3": StoreKind(
        "s3://bucket/folder?endpoint=https://s3.example.org&region=eu-central-1",
        ("endpoint", "public_endpoint", "region", "addressing"),
        "contentgen.object_storage.ObjectStorage",
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    ),
    "gs": StoreKind(
        "gs://bucket/folder",
        ("endpoint", "public_endpoint"),
        "contentgen.google_storage.GoogleStorage",
        r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]",
        "requirements-gcs.txt",
        "google.cloud.storage",
    ),
    "azure": StoreKind(
        "azure://container/folder?account=name",
        ("account", "endpoint", "public_endpoint"),
        "contentgen.azure_storage.AzureBlobStorage",
        r"[a-z0-9](-?[a-z0-9]){2,62}",
        "requirements-azure.txt",
        "azure.storage.blob",
    ),
}
_ADDRESSING = ("path", "virtual")
# What the libraries read by themselves, where the studio has no keys of its own.
STORE_KEYS = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AZURE_STORAGE_KEY", "AZURE_CLIENT_SECRET"),
)


@dataclass(frozen=True)
class ObjectStore:
    """A bucket, or a container of Azure, and the folder in it. `scheme` is a key of `KINDS`.

    Without an `endpoint` it is one of AWS, Google or Azure. Browsers are sent to the `public_endpoint` where
    it has another address outside. `addressing` says whether the name of a bucket of S3 is a part of the path
    or of the host; `account` is Azure's storage account.
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    public_endpoint: str = ""
    region: str = ""
    addressing: str = "virtual"
    account: str = ""
    scheme: str = "s3"

    def __str__(self) -> str:
        of = f" of {self.account}" if self.account else ""
        at = f" at {self.endpoint}" if self.endpoint else ""
        return f"{self.scheme}://{'/'.join(filter(None, (self.bucket, self.prefix)))}{of}{at}"

    @property
    def kind(self) -> StoreKind:
        return KINDS[self.scheme]

    @property
    def origins(self) -> list[str]:
        """The origins of the addresses that browsers are sent to."""
        endpoint = self.public_endpoint or self.endpoint
        endpoints = [endpoint] if endpoint else self._vendors_endpoints()
        return [self._origin(each) for each in endpoints]

    def _vendors_endpoints(self) -> list[str]:
        if self.scheme == "gs":
            return ["https://storage.googleapis.com"]
        if self.scheme == "azure":
            return [f"https://{self.account}.blob.core.windows.net"]
        hosts = [f"s3.{self.region}.amazonaws.com"] if self.region else []
        return [f"https://{host}" for host in (*hosts, "s3.amazonaws.com")]

    def _origin(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        is_in_host = self.scheme == "s3" and self.addressing == "virtual"
        return f"{parts.scheme}://{self.bucket}.{parts.netloc}" if is_in_host else endpoint_origin(endpoint)

    @property
    def missing_extra(self) -> str:
        """The command that installs what this kind of store needs; empty where it is there."""
        package = self.kind.package
        if not package or _is_installed(package):
            return ""
        return f".venv/bin/pip install -r {self.kind.extra}"


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # of a package that it would be in
        return False


def endpoint_origin(endpoint: str) -> str:
    """Return scheme, host and port of an endpoint."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def object_store(url: str) -> ObjectStore:
    """Return the store that the URL names. Raises `ValueError` with what it should be.

    A URL with a key in it is refused with `ImproperlyConfigured`, which does not repeat it.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ImproperlyConfigured("An address of a storage holds no keys: docs/operations.md says where.")
    kind = KINDS.get(parts.scheme)
    if kind is None:
        raise ValueError(f"such as {_one_of(each.example for each in KINDS.values())}")
    form = f"such as {kind.example}"
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.fragment or set(options) - set(kind.options):
        raise ValueError(form)
    for name in ("endpoint", "public_endpoint"):
        if name in options:
            options[name] = _endpoint(name, options[name], form, may_have_path=parts.scheme == "azure")
    if not re.fullmatch(kind.name_form, parts.netloc):
        raise ValueError(f"{form}, with the name of a bucket")
    if parts.scheme == "s3":
        options["addressing"] = _addressing(parts.netloc, options, form)
    if parts.scheme == "azure" and not re.fullmatch(r"[a-z0-9]{3,24}", options.get("account", "")):
        raise ValueError(f"{form}, with the name of a storage account")
    prefix = _prefix(parts.path, form)
    return ObjectStore(bucket=parts.netloc, prefix=prefix, scheme=parts.scheme, **options)


def _one_of(examples: Iterable[str]) -> str:
    *most, last = examples
    return f"{', '.join(most)} or {last}"


def _addressing(bucket: str, options: dict[str, str], form: str) -> str:
    # Certificates of AWS are for one label, and a server of one's own rarely has names for its buckets.
    by_path = bool(options.get("endpoint")) or "." in bucket
    addressing = options.get("addressing", "path" if by_path else "virtual")
    if addressing not in _ADDRESSING:
        raise ValueError(f"{form}, with addressing=path or addressing=virtual")
    return addressing


def _endpoint(name: str, url: str, form: str, *, may_have_path: bool) -> str:
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ImproperlyConfigured(f"The {name} of a storage holds no keys.")
    path = parts.path.rstrip("/")
    is_whole = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    if not is_whole or (path and not may_have_path):
        raise ValueError(f"{form}, with an {name} such as https://s3.example.org")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _prefix(path: str, form: str) -> str:
    prefix = path.strip("/")
    if any(part in ("", ".", "..") for part in prefix.split("/")) and prefix:
        raise ValueError(f"{form}, with a folder that has a name")
    return prefix


def place(text: str) -> ObjectStore | Path:
    """Return the store or the folder that a text names. Raises `ValueError`."""
    if "://" in text:
        return object_store(text)
    folder = Path(text).expanduser()
    if not folder.is_absolute():
        raise ValueError(f"the whole path of a folder, or an address such as {KINDS['s3'].example}")
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
            # Google's and Azure's libraries read theirs from the environment.
            keys = {"access_key": self.key_id, "secret_key": self.secret_key} if where.scheme == "s3" else {}
            options = {"store": where, "url_seconds": self.url_seconds, **keys}
            return {"BACKEND": where.kind.backend, "OPTIONS": options}
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


def require_extras(*places: ObjectStore | Path | None) -> None:
    """Raise `ImproperlyConfigured`, with the command to install it, where a place needs what is missing."""
    for each in places:
        if isinstance(each, ObjectStore) and each.missing_extra:
            raise ImproperlyConfigured(
                f"What {each} needs is not installed. Install it: {each.missing_extra}"
            )


def origins(*places: ObjectStore | Path | None) -> list[str]:
    """Return the origins that pages of the studio show stored files from."""
    return [origin for each in places if isinstance(each, ObjectStore) for origin in each.origins]
