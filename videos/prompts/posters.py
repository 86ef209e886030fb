"""The posters that come with the studio, for templates to choose their picture from."""

from functools import cache

from django.conf import settings
from PIL import Image

POSTER_FOLDER = "templates"  # among the static files


@cache
def poster_sizes() -> dict[str, tuple[int, int]]:
    """Return width and height in pixels of every poster, by its name."""
    found = {}
    for path in sorted((settings.BASE_DIR / "static" / POSTER_FOLDER).glob("*.webp")):
        with Image.open(path) as image:
            found[path.stem] = image.size
    return found
