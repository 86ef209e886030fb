"""The container formats that a video may come in. No FFmpeg, no database: every layer may use them."""

from dataclasses import dataclass
from pathlib import PurePath

HEADER_BYTES = 64  # of a file's beginning, enough to tell all of them apart


@dataclass(frozen=True)
class Container:
    """A container format: its `name` for people, the `suffix` of its files, and their media type."""

    name: str
    suffix: str
    content_type: str


MP4 = Container("MP4", ".mp4", "video/mp4")
QUICKTIME = Container("QuickTime", ".mov", "video/quicktime")
WEBM = Container("WebM", ".webm", "video/webm")
MATROSKA = Container("Matroska", ".mkv", "video/x-matroska")
AVI = Container("AVI", ".avi", "video/x-msvideo")
CONTAINERS = (MP4, QUICKTIME, WEBM, MATROSKA, AVI)


def detect_container(header: bytes) -> Container | None:
    """Return the container of a file that begins with `header`, or None when it is no video's.

    Twelve bytes tell a video from anything else; it takes `HEADER_BYTES` to tell WebM from Matroska.
    """
    if header[4:8] == b"ftyp":  # the first box of an MP4: its length, then its name
        return QUICKTIME if header[8:12] == b"qt  " else MP4
    if header[:4] == b"\x1aE\xdf\xa3":  # EBML; the document type is named soon after
        return WEBM if b"webm" in header[:HEADER_BYTES] else MATROSKA
    if header[:4] == b"RIFF" and header[8:12] == b"AVI ":
        return AVI
    return None


def container_of(file_name: str | None) -> Container:
    """Return the container of a stored video by the suffix of its name; MP4, as it always was, by default."""
    suffix = PurePath(file_name or "").suffix
    return next((container for container in CONTAINERS if container.suffix == suffix), MP4)
