"""Finding what a backend still holds, and adopting what it has finished. Nothing is submitted or deleted."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from videos import lifecycle, subjects
from videos.backends.responses import Job
from videos.capabilities import available_offers
from videos.engine import clients, store
from videos.engine.backend_clock import UNKNOWN_CLOCK
from videos.engine.job_matching import JobMatcher
from videos.engine.storage_use import storage_use
from videos.models import Backend, ReleasedJob, State, Video
from videos.transfer.errors import RowError, TransferError

PAGE = 100  # jobs
MAX_PAGES = 1000
_QUERY = 500  # ids in one query

_SIZE = re.compile(r"[1-9][0-9]{1,3}x[1-9][0-9]{1,3}")
_UNKNOWN_SIZE = "1280x720"  # until the file is measured

_FULL = (
    "the storage of “{owner}” is full. Give them a larger quota in the admin under Users, make room, or say "
    "--over-quota."
)

Standing = Literal["free", "unfinished", "released", "doubtful"]


@dataclass(frozen=True)
class HeldJob:
    """A job that no video has: whether it can be adopted, and `why` not, or why it is doubtful."""

    job: Job
    standing: Standing
    why: str = ""


@dataclass(frozen=True)
class Holdings:
    """What a backend lists: how many jobs in all, those that no video has, and whether the list was whole."""

    listed: int
    jobs: Sequence[HeldJob]
    is_complete: bool


def find_holdings(backend: Backend, owner: User | None) -> Holdings:
    """Return what the backend lists that no video has, judged for `owner`. Raises `BackendError`."""
    if backend.can_list is False:
        raise TransferError(f"{backend} does not list its jobs, so nothing can be found there.")
    jobs, is_complete = _read_list(backend)
    same = _at_same_address(backend)
    ids = [job.id for job in jobs]
    owned = _known(Video.objects.filter(backend__in=same), ids)
    released = _known(ReleasedJob.objects.filter(backend__in=same), ids)
    matcher = JobMatcher(backend, jobs, date=UNKNOWN_CLOCK)
    waiting = _waiting_videos(same)
    unknown = [job for job in jobs if job.id not in owned]
    judged = [_judge(job, matcher, waiting, backend, owner, job.id in released) for job in unknown]
    return Holdings(len(jobs), judged, is_complete)


def _known(rows: QuerySet[Any], ids: Sequence[str]) -> set[str]:
    """Return which of the ids rows have, asked for in portions that a database takes."""
    found: set[str] = set()
    for start in range(0, len(ids), _QUERY):
        some = rows.filter(backend_job_id__in=ids[start : start + _QUERY])
        found |= set(some.values_list("backend_job_id", flat=True))
    return found


def _read_list(backend: Backend) -> tuple[list[Job], bool]:
    """Return all jobs that the backend lists, each once, and whether it lists no more."""
    found: dict[str, Job] = {}
    after: str | None = None
    with clients.client_for(backend) as client:
        for _ in range(MAX_PAGES):
            page = client.list(after=after, limit=PAGE)
            fresh = [job for job in page.jobs if job.id not in found]
            found |= {job.id: job for job in fresh}
            if not page.has_more or not fresh:
                return list(found.values()), not page.has_more
            after = page.last_id
    return list(found.values()), False


def _at_same_address(backend: Backend) -> list[Backend]:
    """A server that was added twice has one list for both."""
    return [each for each in Backend.objects.all() if each.address.rstrip("/") == backend.address.rstrip("/")]


def _waiting_videos(backends: Sequence[Backend]) -> list[Video]:
    """Return the videos that may have a job at the backend of which the studio does not know."""
    rows = Video.objects.filter(
        Q(state__in=[State.SUBMITTING, State.UNCERTAIN]) | Q(unaccounted_since__isnull=False),
        backend__in=backends,
    )
    return list(rows.select_related("source", "owner"))


def _judge(
    job: Job,
    matcher: JobMatcher,
    waiting: Sequence[Video],
    backend: Backend,
    owner: User | None,
    is_released: bool,
) -> HeldJob:
    if is_released:
        return HeldJob(job, "released", "its video was retried or deleted here")
    if job.status != "completed":
        return HeldJob(job, "unfinished", job.raw_status or job.status)
    for video in waiting:
        if job in matcher.possible(video):
            return HeldJob(
                job, "doubtful", f"it may be that of {video} of {video.owner}, which waits for its job"
            )
    if owner is not None:
        asked = Video(owner=owner, backend=backend, prompt=job.prompt or "", model=job.model or "")
        if matcher.may_be_anothers(asked, job):
            return HeldJob(job, "doubtful", "it may be that of another person's video that was deleted")
        others = Video.objects.filter(backend=backend, prompt=job.prompt or "").exclude(owner=owner)
        if job.prompt and (other := others.select_related("owner").first()) is not None:
            return HeldJob(job, "doubtful", f"{other.owner} has asked for the same words")
    return HeldJob(job, "free")


def adopt_jobs(
    backend: Backend, owner: User, held: Sequence[HeldJob], *, over_quota: bool = False
) -> Iterator[tuple[HeldJob, Video | str]]:
    """Adopt the jobs as videos of `owner`, one after another, and download each.

    Yields each with its video, or with a sentence why it has none. Nothing is booked: the studio has not
    ordered these, and nobody's budget was asked. What a backend says that it charged is shown all the same.
    Once the owner's storage is full the rest stays where it is, unless `over_quota`.
    """
    for each in held:
        if not over_quota and storage_use(owner).is_full:
            yield each, _FULL.format(owner=owner)
            continue
        try:
            yield each, _adopt(backend, owner, each.job)
        except (RowError, TransferError) as error:
            yield each, str(error)


def _adopt(backend: Backend, owner: User, job: Job) -> Video:
    offers = available_offers()
    model = job.model if job.model else next(iter(offers), "unknown")
    created_at = _created_at(job)
    video = Video(
        owner=owner,
        backend=backend,
        prompt=job.prompt or f"Job {job.id}"[:200],
        model=model[:100],
        size=job.size if job.size and _SIZE.fullmatch(job.size) else _UNKNOWN_SIZE,
        seconds=job.seconds or 1,
        used_seed=job.seed,
        price=Decimal(0),
    )
    try:
        with transaction.atomic():
            row = lifecycle.create_adopted(video, job.id, created_at=created_at, charge=job.charge)
            record(
                Action.ADOPTED, subjects.video(row), note=f"Job {job.id} of {backend}, which no video had."
            )
    except IntegrityError as error:
        raise RowError("a video has it by now.") from error
    store.store(row.pk)
    row.refresh_from_db()
    if row.state == State.COMPLETED:
        _correct(row, job)
    return row


def _created_at(job: Job) -> datetime:
    now = timezone.now()
    return now if job.created_at is None else min(now, datetime.fromtimestamp(job.created_at, UTC))


def _correct(row: Video, job: Job) -> None:
    """Write what the file is, where the list did not say."""
    changes = {}
    if not job.size and row.width and row.height:
        changes["size"] = f"{row.width}x{row.height}"
    if not job.seconds and row.duration:
        changes["seconds"] = str(max(1, round(row.duration)))
    if changes:
        Video.objects.filter(pk=row.pk).update(**changes)
        row.refresh_from_db()
