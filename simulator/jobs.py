"""A job, and its state at any moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_QUEUED_FRACTION = 0.08
_MAX_QUEUED_SECONDS = 1.5


@dataclass(frozen=True)
class Job:
    """A row of the store. Times are Unix seconds.

    `duration` is how many seconds the job pretends to take, `seconds` the length of the video. A `lazy` job
    is rendered when its content is first requested. `seed` is what was asked for, and is told back. A job
    with `failed_at` fails at that time, one with `started_at` waits in the queue until then.
    """

    id: str
    kind: str
    prompt: str
    model: str
    size: str
    seconds: int
    scene_spec: str
    source: str | None
    created_at: float
    duration: float
    lazy: bool
    rendered_at: float | None = None
    failed_at: float | None = None
    error_code: str | None = None
    error_message: str | None = None
    started_at: float | None = None
    seed: int | None = None

    def status(self, now: float) -> tuple[str, int]:
        """Return status and progress (0..100) at `now`. Only this row and the clock decide them."""
        if self.failed_at is not None and now >= self.failed_at:
            return "failed", self._progress(self.failed_at)
        if self.completed_at is not None and now >= self.completed_at:
            return "completed", 100
        if now < self._starts_at + self._queued_seconds:
            return "queued", 0
        return "in_progress", self._progress(now)

    @property
    def completed_at(self) -> float | None:
        """The time at which the job is or will be completed; None as long as that is unknown."""
        earliest = self._starts_at + self.duration
        if self.lazy:
            return earliest
        return max(earliest, self.rendered_at) if self.rendered_at is not None else None

    def to_video(self, now: float) -> dict[str, Any]:
        """Return the protocol's Video object at `now`."""
        status, progress = self.status(now)
        completed_at = self.completed_at if status == "completed" else None
        error = {"code": self.error_code or "", "message": self.error_message or ""}
        seed = {} if self.seed is None else {"seed": self.seed}
        return {
            "id": self.id,
            "object": "video",
            "model": self.model,
            "status": status,
            "progress": progress,
            "created_at": int(self.created_at),
            "completed_at": int(completed_at) if completed_at is not None else None,
            "expires_at": None,
            "prompt": self.prompt,
            "size": self.size,
            "seconds": str(self.seconds),
            "remixed_from_video_id": self.source if self.kind == "remix" else None,
            "error": error if status == "failed" else None,
            **seed,
        }

    @property
    def _starts_at(self) -> float:
        return self.created_at if self.started_at is None else self.started_at

    @property
    def _queued_seconds(self) -> float:
        return min(_MAX_QUEUED_SECONDS, self.duration * _QUEUED_FRACTION)

    def _progress(self, now: float) -> int:
        working_seconds = self.duration - self._queued_seconds
        elapsed = now - self._starts_at - self._queued_seconds
        fraction = elapsed / working_seconds if working_seconds else 1.0
        return max(0, min(99, int(fraction * 100)))
