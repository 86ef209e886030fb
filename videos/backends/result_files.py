"""Where in a response a finished job's file is: servers put it under many names, at many depths.

Only web addresses and base64 under names that stand for a result are taken, so a thumbnail, the reference
image or an address for callbacks is not. The search is bounded in depth and in the number of objects.
"""

from base64 import b64decode
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

MAX_DEPTH = 4  # {"data": {"outputs": [{"video": {"url": …}}]}}
MAX_OBJECTS = 60  # looked into in one response
MAX_ITEMS = 8  # of one list
MAX_ADDRESS_LENGTH = 4096

_ADDRESS_KEYS = (
    "url",
    "video_url",
    "output_url",
    "download_url",
    "result_url",
    "file_url",
    "unsigned_urls",
    "urls",
    "video_urls",
    "output_urls",
    "uri",
)
# Their texts may be the address itself: Replicate's `output` is one, or a list of them.
_RESULT_KEYS = ("output", "outputs", "result", "results", "video", "videos", "data", "file", "files")
_WRAPPER_KEYS = ("metadata", "content", "response", "assets")
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".svg", ".json", ".txt")


def find_address(payload: dict[str, Any]) -> str | None:
    """Return the web address of the file in a job, None when it names none."""
    return next((text for text in _texts(payload) if _is_address(text)), None)


def find_content(payload: dict[str, Any]) -> bytes:
    """Return the file inside a job: base64 in `b64_json`, or a data URL at an address's place; else b""."""
    encoded = (text.partition(",")[2] for text in _texts(payload) if _is_file_url(text))
    in_fields = (node["b64_json"] for node in _objects(payload) if isinstance(node.get("b64_json"), str))
    for found in (encoded, in_fields):
        for text in found:
            if content := _decode_base64(text):
                return content
    return b""


def _texts(payload: dict[str, Any]) -> Iterator[str]:
    """Yield the texts that may be an address, those nearest to the job itself first."""
    for node in _objects(payload):
        for key in (*_ADDRESS_KEYS, *_RESULT_KEYS):
            value = node.get(key)
            if isinstance(value, str):
                yield value
            elif isinstance(value, list):
                yield from (item for item in value[:MAX_ITEMS] if isinstance(item, str))


def _objects(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the job and the objects below it that may hold its file, breadth first."""
    waiting = deque([(payload, 0)])
    for _ in range(MAX_OBJECTS):
        if not waiting:
            return
        node, depth = waiting.popleft()
        yield node
        if depth == MAX_DEPTH:
            continue
        for key in (*_ADDRESS_KEYS, *_RESULT_KEYS, *_WRAPPER_KEYS):
            value = node.get(key)
            items = value[:MAX_ITEMS] if isinstance(value, list) else [value]
            waiting.extend((item, depth + 1) for item in items if isinstance(item, dict))


def _is_address(text: str) -> bool:
    if not text.startswith(("https://", "http://")) or len(text) > MAX_ADDRESS_LENGTH:
        return False
    try:
        path = urlsplit(text).path
    except ValueError:
        return False
    return text.isprintable() and not path.lower().endswith(_PICTURES)


def _is_file_url(text: str) -> bool:
    return text.startswith("data:") and not text.startswith(("data:image", "data:text"))


def _decode_base64(text: str) -> bytes:
    try:
        return b64decode(text)
    except ValueError:
        return b""
