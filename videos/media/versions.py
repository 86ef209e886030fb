"""Which FFmpeg decodes here. It is asked in a decoder's process, as everything of it is."""

from __future__ import annotations

from videos.media import sandbox
from videos.media.sandbox import Budget

MEMORY = 256 << 20  # bytes
CPU_SECONDS = 5.0
WALL_SECONDS = 5.0
PATIENCE = 0.5  # seconds that somebody who looks at a page waits for a decoder


def ffmpeg_version() -> str:
    """Return FFmpeg's version, such as 8.1.2. Raises what the sandbox raises."""
    budget = Budget("upload", MEMORY, CPU_SECONDS, WALL_SECONDS, PATIENCE)
    return str(sandbox.run("ffmpeg_version", {}, budget))
