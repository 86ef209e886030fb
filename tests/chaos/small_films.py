"""The simulator, with films that cost no time: `python -m tests.chaos.small_films`, with its arguments.

Drawing a thousand films would take the processors that the studio needs. Everything else is the simulator's:
its HTTP, its faults, its ledger. Each film is a real one, and unlike any other: it ends in the job's id.
"""

import io
import struct
from functools import cache
from pathlib import Path

import av
import numpy as np

from simulator.__main__ import main
from simulator.jobs import Job
from simulator.render_pool import RenderPool
from simulator.renderer import VIDEO

WIDTH, HEIGHT, FRAMES = 64, 36, 4
PADDING = 100_000  # bytes, so that a download takes several chunks


@cache
def _scene() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FRAMES):
            picture = np.full((HEIGHT, WIDTH, 3), 60 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    return buffer.getvalue()


def _film_of(job_id: str) -> bytes:
    """The scene, and behind it a `free` box, which players skip, that ends in the job's id."""
    skipped = bytes(PADDING) + job_id.encode()
    return _scene() + struct.pack(">I4s", 8 + len(skipped), b"free") + skipped


async def _ensure_rendered(pool: RenderPool, job: Job) -> Path:
    """As `RenderPool.ensure_rendered`: whole or not there, whenever this process is killed."""
    directory: Path = pool._videos / job.id
    if not (directory / VIDEO).exists():
        directory.mkdir(exist_ok=True)
        unfinished = directory / "unfinished"
        unfinished.write_bytes(_film_of(job.id))
        unfinished.rename(directory / VIDEO)
    return directory


if __name__ == "__main__":
    RenderPool.ensure_rendered = _ensure_rendered  # type: ignore[method-assign]
    main()
