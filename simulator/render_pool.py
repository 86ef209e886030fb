"""The render pool: a few processes that render videos, started when needed and ended with the server."""

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

from simulator.jobs import Job
from simulator.renderer import PARTIAL_SUFFIX, VIDEO
from simulator.settings import Settings
from simulator.store import Store

_MAX_ATTEMPTS = 3
_IDLE_SECONDS = 30.0  # for which a process without work is kept, because it takes a second to start
_URGENT, _NORMAL = 0, 1


class RenderError(Exception):
    """A video could not be rendered."""


class RenderPool:
    """The directory of rendered videos and the processes that fill it.

    A video exists exactly when its VIDEO file does. The queue is not persistent: unfinished jobs are found in
    the store at the next start.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._videos = settings.data / "videos"
        self.inputs = settings.data / "inputs"
        self._queue: asyncio.PriorityQueue[tuple[int, int, str]] = asyncio.PriorityQueue()
        self._pending: dict[str, asyncio.Future[None]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._sequence = 0
        for directory in (self._videos, self.inputs):
            directory.mkdir(parents=True, exist_ok=True)

    def resume(self) -> None:
        """Enqueue every job that the store says is still to be rendered."""
        for job_id in self._store.ids_to_render():
            for partial in (self._videos / job_id).glob(f"*{PARTIAL_SUFFIX}"):
                partial.unlink(missing_ok=True)
            self.enqueue(job_id)

    def enqueue(self, job_id: str, *, urgent: bool = False) -> asyncio.Future[None]:
        """Have a video rendered, in order or (`urgent`) before all others.

        The future resolves when the video exists or the job is gone, or raises RenderError.
        """
        future = self._pending.get(job_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            # Retrieve the exception, as nobody has to await the future.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._pending[job_id] = future
        elif not urgent:
            return future
        self._sequence += 1
        self._queue.put_nowait((_URGENT if urgent else _NORMAL, self._sequence, job_id))
        if len(self._workers) < self._settings.processes:
            self._workers.append(asyncio.create_task(self._run_worker()))
        return future

    async def ensure_rendered(self, job: Job) -> Path:
        """Return the directory of a job's files, rendered now if need be. Raises RenderError."""
        directory = self._videos / job.id
        if not (directory / VIDEO).exists():
            await asyncio.shield(self.enqueue(job.id, urgent=True))
        return directory

    def delete_files(self, job: Job, unused_inputs: list[str]) -> None:
        """Delete a job's video, and the input files that no other job needs."""
        shutil.rmtree(self._videos / job.id, ignore_errors=True)
        for name in unused_inputs:
            (self.inputs / name).unlink(missing_ok=True)

    async def close(self) -> None:
        """Kill all render processes; what they were rendering is resumed at the next start."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for future in self._pending.values():
            future.cancel()

    async def _run_worker(self) -> None:
        """Feed one render process until the server stops. Replace it when it dies, end it without work."""
        process: Process | None = None
        try:
            while True:
                try:
                    async with asyncio.timeout(_IDLE_SECONDS if process else None):
                        _, _, job_id = await self._queue.get()
                except TimeoutError:
                    if process is not None:
                        await _kill_process(process)
                    process = None
                    continue
                job = self._store.find_job(job_id)
                if job is None or job_id not in self._pending:
                    self._resolve(job_id, None)
                    continue
                process = await self._render(job, process)
        finally:
            if process is not None:
                await _kill_process(process)

    async def _render(self, job: Job, process: Process | None) -> Process | None:
        """Render one job, in a new process if this one has died. Returns the process for the next job."""
        error = "the render process died"
        for _ in range(_MAX_ATTEMPTS):
            if process is None or process.returncode is not None:
                process = await _start_process()
            reply = await self._request_render(job, process)
            if reply is not None:
                error = reply["error"] or ""
                break
            await _kill_process(process)
        self._finish(job, error)
        return process

    async def _request_render(self, job: Job, process: Process) -> dict[str, str | None] | None:
        """Send one job to a process. Returns its reply, None when the process died over it."""
        request = {
            "scene_spec": job.scene_spec,
            "inputs": str(self.inputs),
            "target": str(self._videos / job.id),
            "fps": self._settings.fps,
        }
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("render processes are started with pipes")
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        except (ConnectionError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError):
                await _kill_process(process)
                raise
            return None
        reply: dict[str, str | None] | None = json.loads(line) if line else None
        return reply

    def _finish(self, job: Job, error: str) -> None:
        now = time.time()
        if error:
            message = f"The simulator could not render this video: {error}"
            self._store.mark_failed(job.id, now, "render_failed", message)
            self._resolve(job.id, RenderError(error))
            return
        if not self._store.mark_rendered(job.id, now):
            shutil.rmtree(self._videos / job.id, ignore_errors=True)
        self._resolve(job.id, None)

    def _resolve(self, job_id: str, error: RenderError | None) -> None:
        future = self._pending.pop(job_id, None)
        if future is None or future.done():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(None)


async def _start_process() -> Process:
    package_home = str(Path(__file__).resolve().parent.parent)
    paths = [package_home, os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator.worker", stdin=PIPE, stdout=PIPE, env=environment
    )


async def _kill_process(process: Process) -> None:
    """Kill and reap a process, and close its pipes."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    # When the server stops, the waiting task is cancelled; the process must be reaped nevertheless.
    await asyncio.shield(asyncio.ensure_future(process.communicate() if process.stdout else process.wait()))
