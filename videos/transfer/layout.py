"""Where everything is in an export, and how its files are named."""

import re
import unicodedata

from videos.media.file_response import readable_name

FORMAT = 1

MANIFEST = "export.json"  # written last: without it an export is not whole
UNFINISHED = "export-unfinished.json"
SUMS = "SHA256SUMS"
DATA = "data"
SIDECAR = ".json"
PARTIAL = ".part"

_NAME_BYTES = 100  # of what people read in a name; 255 is what most filesystems take of all of it
# Names that Windows keeps for devices, whatever follows the first dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


def table(name: str) -> str:
    """Return the path of a table, which holds a JSON object in each line."""
    return f"{DATA}/{name}.jsonl"


def video_stem(owner: str, prompt: str, public_id: str) -> str:
    """Return the path of a video's files without their suffixes.

    It ends with the id, so it is the same in each run, and no two are equal where case does not count.
    """
    words = cut(readable_name(prompt), _NAME_BYTES)
    key = public_id.removeprefix("video_")
    return f"videos/{safe_name(owner)}/{f'{words}-{key}' if words else key}"


def safe_name(name: str) -> str:
    """Return a name as every system takes it for a file or a folder."""
    name = cut(_UNSAFE.sub("_", unicodedata.normalize("NFC", name)), _NAME_BYTES).strip(" .")
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name


def cut(text: str, limit: int) -> str:
    """Return the text, composed (NFC), cut to at most `limit` bytes of UTF-8."""
    text = unicodedata.normalize("NFC", text)
    return text.encode()[:limit].decode(errors="ignore").rstrip("-")
