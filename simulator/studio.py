"""Makes films: a few render processes, started when first needed, fed in order, ended with the server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from simulator.jobs import Job, Store
from simulator.render import PARTIAL, VIDEO

_ATTEMPTS = 3
_URGENT, _IN_TURN = 0, 1


class RenderError(Exception):
    """A film could not be made."""


class Studio:
    """The directory of films and the processes that fill it.

    A film is there exactly when its VIDEO file is. Work is not remembered here: what is unfinished is found
    in the store at the next start.
    """

    def __init__(self, store: Store, data: Path, fps: int, processes: int) -> None:
        self._store = store
        self._films = data / "films"
        self.inputs = data / "inputs"
        self._fps = fps
        self._processes = processes
        self._queue: asyncio.PriorityQueue[tuple[int, int, str]] = asyncio.PriorityQueue()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._count = 0
        for directory in (self._films, self.inputs):
            directory.mkdir(parents=True, exist_ok=True)

    def resume(self) -> None:
        """Take up every film the store says is still to be made."""
        for job_id in self._store.to_render():
            for left_over in (self._films / job_id).glob(f"*{PARTIAL}"):
                left_over.unlink(missing_ok=True)
            self.order(job_id)

    def order(self, job_id: str, *, urgent: bool = False) -> asyncio.Future[None]:
        """Have a film made, in turn or before all others; the future ends with it, or with a RenderError."""
        future = self._waiting.get(job_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            # Nobody has to wait for it, so nobody may be there to hear of a failure.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._waiting[job_id] = future
        elif not urgent:
            return future
        self._count += 1
        self._queue.put_nowait((_URGENT if urgent else _IN_TURN, self._count, job_id))
        if len(self._tasks) < self._processes:
            self._tasks.append(asyncio.create_task(self._work()))
        return future

    async def film(self, job: Job) -> Path:
        """The directory of a job's film, made now if it is not there. Raises RenderError."""
        directory = self._films / job.id
        if not (directory / VIDEO).exists():
            await asyncio.shield(self.order(job.id, urgent=True))
        return directory

    def forget(self, job: Job, unused_inputs: list[str]) -> None:
        """Delete a job's film, and inputs no other job needs."""
        shutil.rmtree(self._films / job.id, ignore_errors=True)
        for name in unused_inputs:
            (self.inputs / name).unlink(missing_ok=True)

    async def close(self) -> None:
        """End all render processes at once; what they were making is taken up at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for future in self._waiting.values():
            future.cancel()

    async def _work(self) -> None:
        """Run one render process for as long as the server runs, a new one when it dies."""
        process: Process | None = None
        try:
            while True:
                _, _, job_id = await self._queue.get()
                job = self._store.find(job_id)
                if job is None or job_id not in self._waiting:
                    self._settle(job_id, None)
                    continue
                process = await self._make(job, process)
        finally:
            if process is not None:
                await _end(process)

    async def _make(self, job: Job, process: Process | None) -> Process | None:
        error = "the render process died"
        for _ in range(_ATTEMPTS):
            if process is None or process.returncode is not None:
                process = await _start()
            answer = await self._ask(job, process)
            if answer is not None:
                error = answer["error"] or ""
                break
            await _end(process)
        self._finish(job, error)
        return process

    async def _ask(self, job: Job, process: Process) -> dict[str, str | None] | None:
        """Hand one order to a process; its answer, or None when the process died over it."""
        target = self._films / job.id
        order = {"recipe": job.recipe, "inputs": str(self.inputs), "target": str(target), "fps": self._fps}
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("render processes are started with pipes")
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        except (ConnectionError, asyncio.CancelledError) as problem:
            if isinstance(problem, asyncio.CancelledError):
                await _end(process)
                raise
            return None
        answer: dict[str, str | None] | None = json.loads(line) if line else None
        return answer

    def _finish(self, job: Job, error: str) -> None:
        now = time.time()
        if error:
            self._store.failed(
                job.id, now, "render_failed", f"The simulator could not render this video: {error}"
            )
            self._settle(job.id, RenderError(error))
            return
        if not self._store.rendered(job.id, now):
            shutil.rmtree(self._films / job.id, ignore_errors=True)
        self._settle(job.id, None)

    def _settle(self, job_id: str, error: RenderError | None) -> None:
        future = self._waiting.pop(job_id, None)
        if future is None or future.done():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(None)


async def _start() -> Process:
    package_home = str(Path(__file__).resolve().parent.parent)
    paths = [package_home, os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator.worker", stdin=PIPE, stdout=PIPE, env=environment
    )


async def _end(process: Process) -> None:
    """Kill and reap a process, and close its pipes."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    # Reaping must not be skipped when the server is being stopped, which cancels whoever waits here.
    await asyncio.shield(asyncio.ensure_future(process.communicate() if process.stdout else process.wait()))
