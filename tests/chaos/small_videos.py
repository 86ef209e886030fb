"""The simulator with videos that cost no time to render: `python -m tests.chaos.small_videos`, same options.

Rendering a thousand videos would take the processors that the studio needs. Everything else is the
simulator's: its HTTP, its faults, its ledger. Each video is a real MP4 and unique: it ends in the job's id.
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
            image = np.full((HEIGHT, WIDTH, 3), 60 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode())
    return buffer.getvalue()


def video_content(job_id: str) -> bytes:
    """Return the scene followed by a `free` box, which players skip, that ends in the job's id."""
    skipped = bytes(PADDING) + job_id.encode()
    return _scene() + struct.pack(">I4s", 8 + len(skipped), b"free") + skipped


async def _ensure_rendered(pool: RenderPool, job: Job) -> Path:
    """Replace `RenderPool.ensure_rendered`: complete or absent, whenever the process is killed."""
    directory: Path = pool._videos / job.id
    if not (directory / VIDEO).exists():
        directory.mkdir(exist_ok=True)
        unfinished = directory / "unfinished"
        unfinished.write_bytes(video_content(job.id))
        unfinished.rename(directory / VIDEO)
    return directory


if __name__ == "__main__":
    RenderPool.ensure_rendered = _ensure_rendered  # type: ignore[method-assign]
    main()
