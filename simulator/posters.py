"""`python -m simulator.posters FOLDER`: poster images for prompt templates.

Reads one JSON object per line from standard input,
`{"name": "city-at-dawn", "prompt": "…", "size": "1280x720", "seconds": 8}`, and writes FOLDER/NAME.webp for
each: a still of the video, without caption and watermark.
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

from simulator import scene_spec
from simulator.compositor import Timeline
from simulator.frame_sources import SceneSource
from simulator.yuv import frame_to_image

LONG_SIDE = 480  # pixels
MAX_BYTES = 15_000
_MOMENTS = (0.15, 0.35, 0.55, 0.75, 0.95)  # fractions of the video's length
_QUALITIES = range(84, 20, -6)
_NAME_PATTERN = re.compile(r"[a-z0-9-]{1,100}")


def render_still(prompt: str, size: str, seconds: int) -> Image.Image:
    """Return the moment with the most contrast of the video for a prompt; its long side is LONG_SIDE."""
    width, height = (int(side) for side in size.split("x"))
    scale = LONG_SIDE / max(width, height)
    poster_size = "x".join(str(round(side * scale / 2) * 2) for side in (width, height))
    spec = scene_spec.new_spec(prompt, poster_size, seconds, high_quality=True)
    source, timeline = SceneSource(spec), Timeline(spec)
    moments = [seconds * fraction for fraction in _MOMENTS]
    stills = [frame_to_image(source.frame(t, timeline.palette(t))) for t in moments]
    return max(stills, key=lambda still: float(np.asarray(still).std()))


def encode_webp(image: Image.Image) -> bytes:
    """Return the image as WebP, in the best quality that MAX_BYTES allow."""
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= MAX_BYTES:
            break
    return buffer.getvalue()


def main(arguments: list[str] | None = None) -> None:
    """Write a poster for every line on standard input. Exits with a message at the first invalid line."""
    parser = argparse.ArgumentParser(prog="simulator.posters", description="Posters for prompt templates.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for line in sys.stdin:
        try:
            order = json.loads(line)
            name, prompt, size, seconds = (order[key] for key in ("name", "prompt", "size", "seconds"))
            if not _NAME_PATTERN.fullmatch(name):
                raise ValueError(f"{name} is not a valid poster name")  # noqa: TRY301 - handled below
            still = render_still(prompt, size, seconds)
        except (ValueError, TypeError, KeyError) as error:
            raise SystemExit(f"Not a poster order: {line.strip()[:200]} ({error})") from error
        (folder / f"{name}.webp").write_bytes(encode_webp(still))


if __name__ == "__main__":
    main()
