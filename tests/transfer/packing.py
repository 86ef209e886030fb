"""Exports written by hand: signed like a studio's, whatever they say."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from videos.transfer import signature

TABLES = (
    *("videos", "references", "characters", "templates", "batches", "batch_rows", "collections"),
    *("share_links", "comments", "ledger", "backends", "people"),
)
BACKENDS = [{"name": "Cloud", "service": "videos-api", "is_simulator": False, "costs_nothing": True}]


def person(name: str) -> dict[str, Any]:
    return {"username": name, "is_needed": True, "tags": [], "favourite_models": []}


def video(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A failed video of alice's, which needs no file."""
    return {
        "public_id": f"video_{number:024d}",
        "owner": "alice",
        "backend": "Cloud",
        "prompt": f"A boat {number}",
        "model": "sora-2",
        "size": "1280x720",
        "seconds": 4,
        "parameters": {},
        "state": "failed",
        "created_at": "2026-03-02T10:00:00+00:00",
        "files": {},
        **fields,
    }


def told(path: str, content: bytes) -> dict[str, Any]:
    return {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def pack(
    target: Path,
    videos: list[dict[str, Any] | bytes],
    files: dict[str, bytes] | None = None,
    *,
    is_signed: bool = True,
    **tables: list[dict[str, Any]],
) -> Path:
    """Write a ZIP of an export with these documents, and return it."""
    content = dict(files or {})
    listed = []
    for number, document in enumerate(videos):
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        path = f"videos/alice/{number}.json"
        content[path] = raw
        name = f"video_{number:024d}" if isinstance(document, bytes) else document["public_id"]
        listed.append({"public_id": name, "document": path, "sha256": hashlib.sha256(raw).hexdigest()})
    rows = {"backends": BACKENDS, "people": [person("alice")], **tables, "videos": listed}
    for name in TABLES:
        lines = [json.dumps(each) for each in rows.get(name, [])]
        content[f"data/{name}.jsonl"] = "\n".join(lines).encode()
    sums = "".join(f"{hashlib.sha256(raw).hexdigest()}  {path}\n" for path, raw in content.items()).encode()
    digest = hashlib.sha256(sums).hexdigest()
    manifest = {
        "format": 1,
        "currency": "USD",
        "sums_sha256": digest,
        "signature": signature.sign(digest) if is_signed else "forged",
    }
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for path, raw in content.items():
            opened.writestr(path, raw)
        opened.writestr("SHA256SUMS", sums)
        opened.writestr("export.json", json.dumps(manifest))
    return target
