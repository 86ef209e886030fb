"""The processes that render, as long as there is something to render."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from simulator import render_pool
from simulator.render_pool import RenderPool


def test_a_process_without_work_ends_and_the_next_job_gets_a_new_one(tmp_path, monkeypatch):
    started: list[Process] = []

    async def _start_process() -> Process:
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        started.append(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE))
        return started[-1]

    async def _request_render(self: RenderPool, job: object, process: Process) -> dict[str, str | None]:
        return {"error": None}

    async def _render_two() -> None:
        pool = RenderPool(_Store(), _settings(tmp_path))  # type: ignore[arg-type]
        await asyncio.wait_for(pool.enqueue("one"), 20)
        await asyncio.wait_for(started[0].wait(), 20)
        await asyncio.wait_for(pool.enqueue("two"), 20)
        await pool.close()

    monkeypatch.setattr(render_pool, "_IDLE_SECONDS", 0.05)
    monkeypatch.setattr(render_pool, "_start_process", _start_process)
    monkeypatch.setattr(RenderPool, "_request_render", _request_render)

    asyncio.run(_render_two())

    assert len(started) == 2


class _Store:
    """A store that knows every job."""

    def find_job(self, job_id: str) -> Any:
        return SimpleNamespace(id=job_id)

    def mark_rendered(self, job_id: str, now: float) -> bool:
        return True


def _settings(folder: Path) -> Any:
    return SimpleNamespace(data=folder, processes=1)
