"""`python -m simulator.posters FOLDER`: stills of films that are never written, as posters for templates.

Reads one order a line, `{"name": "city-at-dawn", "prompt": "…", "size": "1280x720", "seconds": 8}`, and
writes FOLDER/NAME.webp for each: the liveliest of a few moments, without the words a film bears.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from simulator import recipe
from simulator.camera import Look
from simulator.shots import SceneShot, picture_of

LONG_SIDE = 480  # pixels
HEAVIEST = 15_000  # bytes
_MOMENTS = (0.15, 0.35, 0.55, 0.75, 0.95)  # of the film's length
_QUALITIES = range(84, 20, -6)
_NAME = re.compile(r"[a-z0-9-]{1,100}")


def still(prompt: str, size: str, seconds: int) -> Image.Image:
    """Return the moment with the most contrast of the film that a prompt gives, LONG_SIDE pixels long."""
    width, height = (int(side) for side in size.split("x"))
    share = LONG_SIDE / max(width, height)
    small = "x".join(str(round(side * share / 2) * 2) for side in (width, height))
    film = recipe.fresh(prompt, small, seconds, fine=True)
    shot, look = SceneShot(film), Look(film)
    moments = [seconds * share for share in _MOMENTS]
    pictures = [picture_of(shot.frame(at, look.palette(at))) for at in moments]
    return max(pictures, key=lambda picture: float(np.asarray(picture).std()))


def packed(picture: Image.Image) -> bytes:
    """Return the picture as WebP, as good as HEAVIEST bytes allow."""
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= HEAVIEST:
            break
    return buffer.getvalue()


def main(arguments: list[str] | None = None) -> None:
    """Write a poster for every order on standard input. Ends with a message at the first that is none."""
    parser = argparse.ArgumentParser(prog="simulator.posters", description="Posters for prompt templates.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for line in sys.stdin:
        try:
            order = json.loads(line)
            name, prompt, size, seconds = (order[key] for key in ("name", "prompt", "size", "seconds"))
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name} is no name for a poster")  # noqa: TRY301 - told with the rest
            picture = still(prompt, size, seconds)
        except (ValueError, TypeError, KeyError) as error:
            raise SystemExit(f"Not an order: {line.strip()[:200]} ({error})") from error
        (folder / f"{name}.webp").write_bytes(packed(picture))


if __name__ == "__main__":
    main()
