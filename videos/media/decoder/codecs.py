"""What the libraries have on this machine: a build may lack codecs that the studio needs."""

from __future__ import annotations

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from PIL import __version__ as pillow_version
from PIL import features

# What backends send and people upload, and what is made of it.
_NEEDED = (
    *((name, "r") for name in ("h264", "hevc", "vp8", "vp9", "av1", "prores", "aac", "opus", "mp3")),
    *((name, "w") for name in ("libx264", "aac")),
)
_PICTURES = ("jpg", "webp", "zlib", "avif")


def find_missing_codecs() -> dict[str, object]:
    """Return the libraries' versions, and what is missing, such as “reading hevc”."""
    missing = [
        f"{'reading' if mode == 'r' else 'writing'} {name}" for name, mode in _NEEDED if not _has(name, mode)
    ]
    missing += [f"{name} pictures" for name in _PICTURES if not features.check(name)]
    ffmpeg = ".".join(map(str, av.library_versions["libavcodec"]))
    return {
        "versions": f"PyAV {av.__version__} (libavcodec {ffmpeg}) and Pillow {pillow_version}",
        "missing": missing,
    }


def _has(name: str, mode: str) -> bool:
    try:
        Codec(name, mode)
    except UnknownCodecError:
        return False
    return True
