"""How a simulator behaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from simulator.quirks import Quirks

MAX_FPS = 120


@dataclass
class Settings:
    """The options of one simulator.

    data: directory for jobs and videos.
    duration: seconds a job pretends to take; can be changed while the server runs.
    fps: frames per second of the rendered videos; can be changed while the server runs.
    lazy: render a video when its content is first requested, not when the job is created.
    api_key: the only key that is accepted; None accepts any.
    processes: number of render processes.
    hosts: names under which it answers, beside localhost and numeric addresses.
    poll_after: seconds that clients are asked to wait before they poll again; None asks for nothing.
    quirks: where the server differs from the protocol; can be changed while the server runs.
    """

    data: Path
    duration: float = 10.0
    fps: int = 24
    lazy: bool = False
    api_key: str | None = None
    processes: int = 1
    hosts: tuple[str, ...] = ()
    poll_after: float | None = None
    quirks: Quirks = field(default_factory=Quirks)
