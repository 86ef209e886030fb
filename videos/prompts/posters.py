"""The posters that come with the studio, for templates to choose their picture from."""

from functools import cache
from pathlib import Path

from django.conf import settings

POSTER_FOLDER = "templates"  # among the static files


@cache
def poster_sizes() -> dict[str, tuple[int, int]]:
    """Return width and height in pixels of every poster, by its name."""
    folder: Path = settings.BASE_DIR / "static" / POSTER_FOLDER
    return {path.stem: _webp_size(path) for path in sorted(folder.glob("*.webp"))}


def _webp_size(path: Path) -> tuple[int, int]:
    """Return width and height of a WebP of the simple, lossy kind (RFC 9649, 2.5).

    Read here, because the web process has no decoder of images.
    """
    with path.open("rb") as file:
        header = file.read(30)
    if header[12:16] != b"VP8 ":
        raise ValueError(f"{path.name} is not a lossy WebP without transparency.")
    width, height = (int.from_bytes(header[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return width, height
