"""The check after a run: the simulator's ledger against the rows and the files."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Q

from tests.chaos.faults import ControlClient
from tests.chaos.users import Users
from videos.media.inspect import NotAVideoError, inspect_video
from videos.media.sandbox import worker_budget
from videos.models import IN_FLIGHT, State, Video

# Expected error codes of rows without a job, and of rows whose job failed. `not_served`: both the source of
# an edit and its file were reported as not found.
_REFUSAL_CODES = frozenset({"sentinel_block", "not_served"})
_FAILURE_CODES = frozenset({"moderation_blocked"})


def count_unsettled() -> int:
    """Count the rows that workers still have to process; not those that wait for a decision."""
    waiting = Q(state__in=IN_FLIGHT) & ~Q(state=State.UNCERTAIN, due_at=None)
    return Video.objects.filter(
        waiting | Q(delete_job_at__isnull=False) | Q(deleted_at__isnull=False)
    ).count()


def leftover_temp_files() -> list[str]:
    """Return the names of the files in the folder for downloads that are under way."""
    return sorted(path.name for path in (settings.DATA_DIR / "tmp").glob("*"))


@dataclass
class Report:
    """All violations, one line each, by kind. A run passes when there is none."""

    lost: list[str] = field(default_factory=list)
    billed_twice: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wrong_state: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not (self.lost or self.billed_twice or self.stuck or self.wrong_state)

    @property
    def violations(self) -> list[str]:
        kinds = vars(self).items()
        return [f"{kind.replace('_', ' ')}: {line}" for kind, lines in kinds for line in lines]

    def __str__(self) -> str:
        return (
            f"lost {len(self.lost)}, billed twice {len(self.billed_twice)},"
            f" stuck {len(self.stuck)}, wrong state {len(self.wrong_state)}"
        )


class Checker:
    """Compares the ledger with the rows, prompt by prompt. Only the simulator may still run."""

    def __init__(self, users: Users, control: ControlClient, simulator_videos: Path) -> None:
        self._users = users
        self._control = control
        self._simulator_videos = simulator_videos
        self._job_ids: dict[str, list[str]] = defaultdict(list)
        for entry in control.ledger():
            self._job_ids[entry["prompt"]].append(entry["id"])
        self._rows = {video.prompt: video for video in Video.objects.all()}
        self.report = Report()

    def check(self) -> Report:
        """Check every requested video, and the disk."""
        for prompt in self._users.prompts:
            if len(self._job_ids[prompt]) > 1:
                self.report.billed_twice.append(f"{prompt}: {self._job_ids[prompt]}")
            self._check_video(prompt, self._rows.get(prompt))
        for prompt in self._job_ids.keys() - set(self._users.prompts):
            self.report.lost.append(f"{prompt}: billed, but never requested")
        for prompt in self._rows.keys() - set(self._users.prompts):
            self.report.wrong_state.append(f"{prompt}: never requested")
        self._check_disk()
        return self.report

    def _check_video(self, prompt: str, video: Video | None) -> None:
        if prompt in self._users.deleted:
            if video is not None:
                self.report.stuck.append(f"{prompt}: deleted, but still there ({_describe(video)})")
        elif video is None:
            self.report.lost.append(f"{prompt}: has no row")
        elif video.needs_decision:
            self.report.wrong_state.append(f"{prompt}: needs a decision although the backend lists its jobs")
        elif video.is_in_flight or video.delete_job_at is not None:
            self.report.stuck.append(f"{prompt}: {_describe(video)}")
        else:
            self._check_ended(prompt, video)

    def _check_ended(self, prompt: str, video: Video) -> None:
        jobs = self._job_ids[prompt]
        if jobs and video.backend_job_id not in jobs:
            self.report.wrong_state.append(f"{prompt}: does not know its job {jobs} ({_describe(video)})")
        if video.lease_token is not None or video.due_at is not None:
            self.report.wrong_state.append(f"{prompt}: ended, but still leased or due ({_describe(video)})")
        if prompt in self._users.canceled:
            self._check_canceled(prompt, video, jobs)
        elif video.state == State.COMPLETED:
            self._check_file(prompt, video)
        elif video.state == State.FAILED:
            self._check_failed(prompt, video, jobs)
        else:
            self.report.wrong_state.append(f"{prompt}: canceled, but not by its owner ({_describe(video)})")

    def _check_canceled(self, prompt: str, video: Video, jobs: list[str]) -> None:
        """The backend may have refused the video before the cancellation; it must not be stored after it."""
        refused = video.state == State.FAILED and video.error_code in _REFUSAL_CODES and not jobs
        if (video.state != State.CANCELED and not refused) or video.file:
            self.report.wrong_state.append(f"{prompt}: canceled, but {_describe(video)}")

    def _check_failed(self, prompt: str, video: Video, jobs: list[str]) -> None:
        job = self._control.job(jobs[0]) if jobs else None
        if job is not None and job["status"] != "failed":
            self.report.lost.append(f"{prompt}: completed at the backend, but {_describe(video)}")
        elif video.error_code not in (_FAILURE_CODES if jobs else _REFUSAL_CODES):
            self.report.wrong_state.append(
                f"{prompt}: {_describe(video)} without an injected reason, jobs {jobs}"
            )

    def _check_file(self, prompt: str, video: Video) -> None:
        """The file must be byte for byte the video that the simulator made for this job."""
        if not video.file or not default_storage.exists(video.file.name):
            self.report.wrong_state.append(f"{prompt}: completed without a file")
            return
        path = Path(default_storage.path(video.file.name))
        original = self._simulator_videos / video.backend_job_id / "video.mp4"
        measured = _measure(path)
        if measured != (video.sha256, video.byte_count) or original.read_bytes() != path.read_bytes():
            self.report.lost.append(f"{prompt}: its file is not the simulator's ({_describe(video)})")

    def _check_disk(self) -> None:
        known = {
            name
            for video in self._rows.values()
            for name in (video.file.name, video.poster.name, video.scrub_sheet.name)
            if name
        }
        root = Path(settings.MEDIA_ROOT)
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and name not in known and not name.startswith("studio/"):
                self.report.wrong_state.append(f"{name} is left in storage")
        for name in leftover_temp_files():
            self.report.wrong_state.append(f"{name} is left in tmp")


def _measure(path: Path) -> tuple[str, int] | None:
    """Return the SHA-256 digest and the size in bytes, or None for a file that cannot be decoded."""
    try:
        facts = inspect_video(path, worker_budget())
    except NotAVideoError:
        return None
    content = path.read_bytes()
    measured: tuple[str, Any] = (hashlib.sha256(content).hexdigest(), len(content))
    return measured if facts.byte_count == len(content) else None


def _describe(video: Video) -> str:
    return (
        f"{video.state}, {video.error_code or 'no error'}, job {video.backend_job_id or 'none'},"
        f" due {video.due_at}, lease until {video.lease_expires_at}, row {video.pk}"
    )
