"""What the names in Redis begin with, so that two studios may share one Redis."""

import hashlib
from collections.abc import Mapping
from typing import Any


def default_prefix(database: Mapping[str, Any], secret_key: str) -> str:
    """Return a prefix that all processes of a studio find by themselves, and that no other studio has.

    A database server belongs to one studio under its host, port and name. SQLite's path differs between
    containers that mount it elsewhere, so there the secret key tells studios apart.
    """
    if "sqlite" in database["ENGINE"]:
        identity = f"secret:{secret_key}"
    else:
        host, port, name = (str(database.get(key) or "") for key in ("HOST", "PORT", "NAME"))
        identity = f"server:{host.lower()}:{port or 5432}/{name}"
    return f"contentgen-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
