"""What the run says of the studio: the simulator's ledger against the rows and the files."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Q

from tests.chaos.people import People
from tests.chaos.rules import ControlClient
from videos.media.inspect import NotAVideo, inspect_video
from videos.models import IN_FLIGHT, State, Video

# Failures that say nothing was accepted, and those that the simulator was told to give a job. `not_served`:
# it was told to know nothing of an edit's source, and then nothing of the file either.
_REFUSED = frozenset({"sentinel_block", "not_served"})
_FAILED = frozenset({"moderation_blocked"})


def unsettled() -> int:
    """How many rows the workers still have to do something about. One that awaits its owner is settled."""
    waiting = Q(state__in=IN_FLIGHT) & ~Q(state=State.UNCERTAIN, due_at=None)
    return Video.objects.filter(
        waiting | Q(delete_job_at__isnull=False) | Q(deleted_at__isnull=False)
    ).count()


def left_in_tmp() -> list[str]:
    """What downloads have left in the folder for temporary files."""
    return sorted(path.name for path in (settings.DATA_DIR / "tmp").glob("*"))


@dataclass
class Verdict:
    """Each list has a line for every offence; a run is good when all are empty."""

    lost: list[str] = field(default_factory=list)
    billed_twice: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wrong_state: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.billed_twice or self.stuck or self.wrong_state)

    @property
    def offences(self) -> list[str]:
        kinds = vars(self).items()
        return [f"{kind.replace('_', ' ')}: {line}" for kind, lines in kinds for line in lines]

    def __str__(self) -> str:
        return (
            f"lost {len(self.lost)}, billed twice {len(self.billed_twice)},"
            f" stuck {len(self.stuck)}, wrong state {len(self.wrong_state)}"
        )


class Judge:
    """Compares the ledger with the rows, prompt by prompt. Nothing may run any more but the simulator."""

    def __init__(self, people: People, control: ControlClient, films: Path) -> None:
        self._people = people
        self._control = control
        self._films = films
        self._billed: dict[str, list[str]] = defaultdict(list)
        for entry in control.ledger():
            self._billed[entry["prompt"]].append(entry["id"])
        self._rows = {video.prompt: video for video in Video.objects.all()}
        self.verdict = Verdict()

    def judge(self) -> Verdict:
        """Look at every video anybody asked for, and at the disk."""
        for prompt in self._people.prompts:
            if len(self._billed[prompt]) > 1:
                self.verdict.billed_twice.append(f"{prompt}: {self._billed[prompt]}")
            self._look_at(prompt, self._rows.get(prompt))
        for prompt in self._billed.keys() - set(self._people.prompts):
            self.verdict.lost.append(f"{prompt}: nobody's")
        for prompt in self._rows.keys() - set(self._people.prompts):
            self.verdict.wrong_state.append(f"{prompt}: nobody asked for it")
        self._look_at_the_disk()
        return self.verdict

    def _look_at(self, prompt: str, video: Video | None) -> None:
        if prompt in self._people.deleted:
            if video is not None:
                self.verdict.stuck.append(f"{prompt}: deleted, and still there ({_told(video)})")
        elif video is None:
            self.verdict.lost.append(f"{prompt}: has no row")
        elif video.needs_decision:
            self.verdict.wrong_state.append(f"{prompt}: asks its owner although the backend lists")
        elif video.is_in_flight or video.delete_job_at is not None:
            self.verdict.stuck.append(f"{prompt}: {_told(video)}")
        else:
            self._look_at_ended(prompt, video)

    def _look_at_ended(self, prompt: str, video: Video) -> None:
        jobs = self._billed[prompt]
        if jobs and video.backend_job_id not in jobs:
            self.verdict.wrong_state.append(f"{prompt}: does not know its job {jobs} ({_told(video)})")
        if video.lease_token is not None or video.due_at is not None:
            self.verdict.wrong_state.append(f"{prompt}: ended, and still held ({_told(video)})")
        if prompt in self._people.canceled:
            self._look_at_canceled(prompt, video, jobs)
        elif video.state == State.COMPLETED:
            self._look_at_file(prompt, video)
        elif video.state == State.FAILED:
            self._look_at_failed(prompt, video, jobs)
        else:
            self.verdict.wrong_state.append(f"{prompt}: canceled by nobody ({_told(video)})")

    def _look_at_canceled(self, prompt: str, video: Video, jobs: list[str]) -> None:
        """The wish may have come while the backend was refusing the video; it is never stored after it."""
        refused = video.state == State.FAILED and video.error_code in _REFUSED and not jobs
        if (video.state != State.CANCELED and not refused) or video.file:
            self.verdict.wrong_state.append(f"{prompt}: canceled, but {_told(video)}")

    def _look_at_failed(self, prompt: str, video: Video, jobs: list[str]) -> None:
        job = self._control.job(jobs[0]) if jobs else None
        if job is not None and job["status"] != "failed":
            self.verdict.lost.append(f"{prompt}: made at the backend, but {_told(video)}")
        elif video.error_code not in (_FAILED if jobs else _REFUSED):
            self.verdict.wrong_state.append(f"{prompt}: {_told(video)} for no good reason, jobs {jobs}")

    def _look_at_file(self, prompt: str, video: Video) -> None:
        """The file must be the very film that the simulator made for this job."""
        if not video.file or not default_storage.exists(video.file.name):
            self.verdict.wrong_state.append(f"{prompt}: completed without a file")
            return
        path = Path(default_storage.path(video.file.name))
        film = self._films / video.backend_job_id / "video.mp4"
        facts = _facts(path)
        if facts != (video.sha256, video.byte_count) or film.read_bytes() != path.read_bytes():
            self.verdict.lost.append(f"{prompt}: its file is not the film ({_told(video)})")

    def _look_at_the_disk(self) -> None:
        known = {
            name
            for video in self._rows.values()
            for name in (video.file.name, video.poster.name, video.scrub_sheet.name)
            if name
        }
        root = Path(settings.MEDIA_ROOT)
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and name not in known:
                self.verdict.wrong_state.append(f"{name} is left in storage")
        for name in left_in_tmp():
            self.verdict.wrong_state.append(f"{name} is left in tmp")


def _facts(path: Path) -> tuple[str, int] | None:
    """The digest and size of a file that can be decoded."""
    try:
        facts = inspect_video(path)
    except NotAVideo:
        return None
    content = path.read_bytes()
    measured: tuple[str, Any] = (hashlib.sha256(content).hexdigest(), len(content))
    return measured if facts.byte_count == len(content) else None


def _told(video: Video) -> str:
    return (
        f"{video.state}, {video.error_code or 'no error'}, job {video.backend_job_id or 'none'},"
        f" due {video.due_at}, lease until {video.lease_expires_at}, row {video.pk}"
    )
