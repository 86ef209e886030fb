"""The check after a run: the simulators' ledgers against the rows and the files."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Q, Sum

from billing.attempts import Attempt, group_lines
from billing.models import LedgerLine
from billing.money import ZERO
from contentgen.storage_interface import StudioStorage
from tests.chaos.claims import find_claim
from tests.chaos.decisions import Deciders
from tests.chaos.simulators import BilledJob
from tests.chaos.users import Requested, Users
from tests.transition_log import find_gap
from videos.engine.ledger_check import find_contradictions
from videos.engine.workspace import copy_from_storage, scratch_folder
from videos.media.inspect import NotAVideoError, inspect_video
from videos.media.sandbox import worker_budget
from videos.models import IN_FLIGHT, ReferenceImage, State, Video
from videos.services.video_actions import ABANDONED

# Expected error codes of rows without a job, and of rows whose job failed. `not_served`: both the source of
# an edit and its file were reported as not found.
_REFUSAL_CODES = frozenset({"sentinel_block", "not_served"})
_FAILURE_CODES = frozenset({"moderation_blocked"})

_NOT_OF_ROWS = "studio/"  # the folder in storage that has the marks of submissions


def count_unsettled() -> int:
    """Count the rows that workers still have to process; not those that wait for a decision."""
    waiting = Q(state__in=IN_FLIGHT) & ~Q(state=State.UNCERTAIN, due_at=None)
    return Video.objects.filter(
        waiting | Q(delete_job_at__isnull=False) | Q(deleted_at__isnull=False)
    ).count()


def leftover_temp_files() -> list[str]:
    """Return the names of the files in the folder for downloads that are under way."""
    hosts = settings.DATA_DIR.parent.glob(f"{settings.DATA_DIR.name}*")
    return sorted(path.name for host in hosts for path in (host / "tmp").glob("*"))


@dataclass
class Report:
    """All violations, one line each, by kind. A run passes when there is none."""

    lost: list[str] = field(default_factory=list)
    billed_twice: list[str] = field(default_factory=list)
    wrong_owner: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wrong_state: list[str] = field(default_factory=list)
    asked_needlessly: list[str] = field(default_factory=list)
    wrong_money: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.violations

    @property
    def violations(self) -> list[str]:
        kinds = vars(self).items()
        return [f"{kind.replace('_', ' ')}: {line}" for kind, lines in kinds for line in lines]

    def __str__(self) -> str:
        return ", ".join(f"{kind.replace('_', ' ')} {len(lines)}" for kind, lines in vars(self).items())


@dataclass(frozen=True)
class Ledger:
    """What the simulators say after the run: the jobs they billed, and how each stands (None: deleted)."""

    jobs: Sequence[BilledJob]
    status: Callable[[str], str | None]


class Checker:
    """Compares the ledger with the rows and files. Only the simulators may still run.

    `claims` has the video of each idempotency key. Whose job one is follows from the key and the reference
    image in the ledger alone, never from the row that has it now.
    """

    def __init__(self, users: Users, deciders: Deciders, ledger: Ledger, claims: dict[str, int]) -> None:
        self._users = users
        self._deciders = deciders
        self._ledger = ledger
        self._jobs: dict[int, list[BilledJob]] = defaultdict(list)
        self._maker: dict[str, int] = {}
        self._by_id = {job.id: job for job in ledger.jobs}
        self.report = Report()
        for job in ledger.jobs:
            video_id = find_claim(claims, job.idempotency_key)
            if video_id is None:
                self.report.lost.append(f"{job.id}: billed, but nobody claimed a video for it")
            else:
                self._jobs[video_id].append(job)
                self._maker[job.id] = video_id
        self._rows = {video.pk: video for video in Video.objects.all()}
        # Videos of one request are exchangeable: each of their jobs must be at one of them, whichever it is.
        self._alike: dict[Requested, list[int]] = defaultdict(list)
        self._held: dict[Requested, set[str]] = defaultdict(set)
        for pk, request in users.requested.items():
            self._alike[request].append(pk)
            if pk in self._rows:
                self._held[request].add(self._rows[pk].backend_job_id)

    def check(self) -> Report:
        """Check every requested video, and the disk."""
        for request, pks in self._alike.items():
            self._check_bill(request, pks)
        for pk, request in self._users.requested.items():
            self._check_video(pk, request, self._rows.get(pk))
        for pk in (self._rows.keys() | self._jobs.keys()) - self._users.requested.keys():
            self.report.wrong_state.append(f"{pk}: never requested")
        for pk in self._deciders.needless:
            self.report.asked_needlessly.append(f"{pk}: the list proves whose job it is")
        self._check_money()
        self._check_budget()
        self._check_disk()
        return self.report

    def release_unbilled(self) -> int:
        """Have staff take back the unconfirmed charges that no simulator knows of, and return how many.

        To be done before the check: of what stays charged nobody has to guess.
        """
        jobs = {pk: len(found) for pk, found in self._jobs.items()}
        return self._deciders.release_unbilled(jobs, self._alike.values())

    def _check_money(self) -> None:
        """The studio's ledger agrees with itself and its rows, and with the simulators' to the cent."""
        self.report.wrong_money += find_contradictions()
        books = group_lines(LedgerLine.objects.order_by("pk"))
        for request, pks in self._alike.items():
            attempts = [attempt for pk in pks for attempt in books.get(pk, [])]
            self._compare(f"{request}", attempts, [job for pk in pks for job in self._jobs[pk]])
        self._compare("all", [each for found in books.values() for each in found], self._ledger.jobs)

    def _compare(self, what: str, attempts: Sequence[Attempt], jobs: Sequence[BilledJob]) -> None:
        """What was billed is what was charged, and nothing is reserved any more."""
        billed = sum((job.price for job in jobs), ZERO)
        charged = sum((each.spent for each in attempts), ZERO)
        reserved = sum((each.reserved for each in attempts), ZERO)
        if reserved or charged != billed:
            self.report.wrong_money.append(f"{what}: billed {billed}, charged {charged}, reserved {reserved}")

    def _check_budget(self) -> None:
        """The budget was never passed, although it refused some."""
        budget = self._users.budget
        if budget is None:
            return
        self.report.wrong_money += [f"the budget was passed: {each}" for each in self._users.overspent]
        used = LedgerLine.objects.aggregate(used=Sum("net"))["used"] or ZERO
        if used > budget:
            self.report.wrong_money.append(f"{used} was spent of a budget of {budget}")
        if not self._users.refused:
            self.report.wrong_money.append("the budget refused nothing")

    def _check_bill(self, request: Requested, pks: list[int]) -> None:
        """As many jobs as there are videos that are alike.

        One of them may have been given the job of another, which was submitted again instead.
        """
        jobs = {job.id: pk for pk in pks for job in self._jobs[pk]}
        self.report.billed_twice += [f"{request}: {jobs}"] * (len(jobs) - len(pks))

    def _check_video(self, pk: int, request: Requested, video: Video | None) -> None:
        if pk in self._users.deleted:
            if video is not None:
                self.report.stuck.append(f"deleted, but still there ({_describe(video)})")
        elif video is None:
            self.report.lost.append(f"{pk}: has no row")
        elif video.is_in_flight or video.delete_job_at is not None:
            self.report.stuck.append(_describe(video))
        else:
            self._check_owner(request, video)
            self._check_ended(request, video)

    def _check_owner(self, request: Requested, video: Video) -> None:
        """The video's job must have been made for its request, of the image that was sent with it."""
        if not video.backend_job_id:
            return
        job = self._by_id.get(video.backend_job_id)
        if job is None:
            self.report.wrong_state.append(f"its job was never accepted ({_describe(video)})")
            return
        maker = self._maker.get(job.id)
        asked_for = self._users.requested.get(maker) if maker is not None else None
        if asked_for != request or job.prompt != request.prompt or not self._has_image_of(request, job):
            self.report.wrong_owner.append(f"{_describe(video)}, made for {maker}: {asked_for}")

    def _has_image_of(self, request: Requested, job: BilledJob) -> bool:
        """Whether the job was made of the image that was sent for it, or else for what it is derived from.

        A simulator that was sent the source as a file does not know of any image.
        """
        if request.source is None:
            return job.reference == request.reference
        source = self._users.requested[request.source]
        return job.reference is None or self._has_image_of(source, job)

    def _check_ended(self, request: Requested, video: Video) -> None:
        if video.lease_token is not None or video.due_at is not None:
            self.report.wrong_state.append(f"ended, but still leased or due ({_describe(video)})")
        self._check_jobs_known(request, video)
        if gap := find_gap(video):
            self.report.wrong_state.append(f"{gap} ({_describe(video)})")
        if video.pk in self._users.canceled:
            self._check_canceled(video)
        elif video.state == State.COMPLETED:
            self._check_file(video)
        elif video.state == State.FAILED:
            self._check_failed(video)
        else:
            self.report.wrong_state.append(f"canceled, but not by its owner ({_describe(video)})")

    def _check_jobs_known(self, request: Requested, video: Video) -> None:
        """Only who cancels instead of answering whose job it is gives up to know it."""
        gave_up = video.pk in self._users.canceled and video.unaccounted_since is not None
        unknown = [job.id for job in self._jobs[video.pk] if job.id not in self._held[request]]
        if unknown and not gave_up:
            self.report.lost.append(f"does not know its job {unknown} ({_describe(video)})")

    def _check_canceled(self, video: Video) -> None:
        """The backend may have refused the video before the cancellation; it must not be stored after it."""
        refused = video.state == State.FAILED and video.error_code in _REFUSAL_CODES
        if (video.state != State.CANCELED and not (refused and not self._jobs[video.pk])) or video.file:
            self.report.wrong_state.append(f"canceled, but {_describe(video)}")

    def _check_failed(self, video: Video) -> None:
        job_id = video.backend_job_id
        if job_id and self._ledger.status(job_id) not in {"failed", None}:
            self.report.lost.append(f"completed at the backend, but {_describe(video)}")
        elif video.pk in self._deciders.abandoned and video.error_code == ABANDONED.code:
            return
        elif video.error_code not in (_FAILURE_CODES if job_id else _REFUSAL_CODES):
            self.report.wrong_state.append(f"{_describe(video)} without an injected reason")

    def _check_file(self, video: Video) -> None:
        """The file must be byte for byte the video that the simulator made for this job."""
        if not video.file or not default_storage.exists(video.file.name):
            self.report.wrong_state.append(f"completed without a file ({_describe(video)})")
            return
        with scratch_folder() as folder:
            path = folder / "video"
            copy_from_storage(video.file, path)
            job = self._by_id.get(video.backend_job_id)
            is_original = job is not None and job.content.read_bytes() == path.read_bytes()
            if _measure(path) != (video.sha256, video.byte_count) or not is_original:
                self.report.lost.append(f"its file is not the simulator's ({_describe(video)})")

    def _check_disk(self) -> None:
        known = set(_stored_names(self._rows.values()))
        files = cast(StudioStorage, default_storage).walk()
        # What was begun and not finished is removed after some hours.
        for name in sorted(each.name for each in files if not each.is_partial):
            if name not in known and not name.startswith(_NOT_OF_ROWS):
                self.report.wrong_state.append(f"{name} is left in storage")
        for name in leftover_temp_files():
            self.report.wrong_state.append(f"{name} is left in tmp")


def _stored_names(videos: Iterable[Video]) -> Iterator[str]:
    """The names of the files that rows own."""
    for video in videos:
        yield from (file.name or "" for file in (video.file, video.poster, video.scrub_sheet))
    for image in ReferenceImage.objects.all():
        yield from (file.name or "" for file in (image.file, image.thumbnail))


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
        f"row {video.pk}, {video.model}, {video.kind} “{video.prompt}”, {video.state},"
        f" {video.error_code or 'no error'}, job {video.backend_job_id or 'none'},"
        f" due {video.due_at}, lease until {video.lease_expires_at}"
    )
