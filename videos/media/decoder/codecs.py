"""What the libraries have on this machine: a build may lack codecs that the studio needs."""

from __future__ import annotations

from typing import Literal

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from PIL import __version__ as pillow_version
from PIL import features

# What backends send and people upload, and what is made of it.
_READ = ("h264", "hevc", "vp8", "vp9", "av1", "prores", "aac", "opus", "mp3")
_WRITTEN = ("libx264", "aac")
_PICTURES = ("jpg", "webp", "zlib", "avif")


def find_missing_codecs() -> dict[str, object]:
    """Return the libraries' versions, and what is missing, such as “reading hevc”."""
    missing = [f"reading {name}" for name in _READ if not _has(name, "r")]
    missing += [f"writing {name}" for name in _WRITTEN if not _has(name, "w")]
    missing += [f"{name} pictures" for name in _PICTURES if not features.check(name)]
    ffmpeg = ".".join(map(str, av.library_versions["libavcodec"]))
    return {
        "versions": f"PyAV {av.__version__} (libavcodec {ffmpeg}) and Pillow {pillow_version}",
        "missing": missing,
    }


def _has(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        Codec(name, mode)
    except UnknownCodecError:
        return False
    return True
