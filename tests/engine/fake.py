"""A backend in memory, for tests of the engine's decisions. The wire itself is tested in tests/backends."""

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

from videos.backends.errors import BackendError, RefusedError
from videos.backends.requests import ClipFile
from videos.backends.responses import Job, JobPage


class FakeBackend:
    """Remembers what it was asked (`created`, `deleted`), and answers as the test arranged."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.created: list[dict[str, Any]] = []
        self.derived: list[tuple[Any, ...]] = []
        self.characters: list[tuple[str, bytes]] = []
        self.clip_names: list[str] = []
        self.derive_errors: list[BackendError] = []
        self.deleted: list[str] = []
        self.refuses_to_delete_running = False
        self.keys: list[str] = []
        self.key_retention = 0.0  # seconds; above 0 it honors idempotency keys
        self.jobs_by_key: dict[str, Job] = {}
        self.polls = 0
        self.listed = 0
        self.create_error: BackendError | None = None
        self.accepts_before_failing = False
        self.during_create: Any = None
        self.answers: dict[str, BackendError] = {}
        self.list_error: BackendError | None = None
        self.hidden: set[str] = set()
        self.picture: bytes | BackendError = b""
        self.pictured: list[str] = []
        self.clock_offset = 0.0  # seconds by which the clock that its `Date` shows is ahead
        self.has_date = True
        self.content: Iterable[bytes] | BackendError = [b""]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def create(
        self,
        *,
        reference: object = None,
        last_frame: object = None,
        references: Sequence[object] = (),
        characters: Sequence[str] = (),
        parameters: Mapping[str, Any] | None = None,
        idempotency_key: str = "",
        **asked: Any,
    ) -> Job:
        self.keys.append(idempotency_key)
        further = {
            "last_frame": last_frame,
            "references": references,
            "characters": characters,
            "parameters": parameters,
        }
        given = {name: value for name, value in further.items() if value}
        self.created.append({**asked, "reference": reference, **given})
        if self.during_create:
            self.during_create()
        if self.create_error and not self.accepts_before_failing:
            raise self.create_error
        known = self.jobs_by_key.get(idempotency_key) if self.key_retention else None
        job = known or self.add(**asked)
        self.jobs_by_key[idempotency_key] = job
        if self.create_error:
            raise self.create_error
        return job

    def remix(self, job_id: str, prompt: str, *, model: str, idempotency_key: str = "") -> Job:
        self.keys.append(idempotency_key)
        return self._derive("remix", prompt, job_id)

    def edit(self, prompt: str, source: str | ClipFile, *, model: str, idempotency_key: str = "") -> Job:
        self.keys.append(idempotency_key)
        return self._derive("edit", prompt, source)

    def extend(
        self, prompt: str, seconds: int, source: str | ClipFile, *, model: str, idempotency_key: str = ""
    ) -> Job:
        self.keys.append(idempotency_key)
        return self._derive("extend", prompt, source, seconds)

    def _derive(self, call: str, prompt: str, source: str | ClipFile, *more: object) -> Job:
        """Keep what was asked, a file by its content; the next of `derive_errors` is raised."""
        sent = source if isinstance(source, str) else source.file.read()
        self.derived.append((call, prompt, sent, *more))
        if self.during_create:
            self.during_create()
        if self.derive_errors:
            raise self.derive_errors.pop(0)
        job = self.add(prompt=prompt, model="sora-2", seconds=4, size="1280x720")
        if call == "remix":
            self.now(job.id, remixed_from_video_id=source)
        return self.jobs[job.id]

    def create_character(self, name: str, clip: ClipFile) -> str:
        self.characters.append((name, clip.file.read()))
        self.clip_names.append(clip.name)
        if self.during_create:
            self.during_create()
        if self.create_error:
            raise self.create_error
        return f"char_{len(self.characters)}"

    def add(self, *, prompt: str, model: str, seconds: int, size: str, created_at: int | None = None) -> Job:
        job = Job(
            id=f"job_{len(self.jobs) + 1}",
            status="queued",
            raw_status="queued",
            prompt=prompt,
            model=model,
            seconds=seconds,
            size=size,
            created_at=created_at,
        )
        self.jobs[job.id] = job
        return job

    def now(self, job_id: str, **changes: Any) -> None:
        self.jobs[job_id] = replace(self.jobs[job_id], **changes)

    def retrieve(self, job_id: str) -> Job:
        answer = self.answer(job_id)
        if isinstance(answer, BackendError):
            raise answer
        return answer

    def idempotency_key_retention(self) -> float:
        return self.key_retention

    def list(self, *, after: str | None = None, limit: int = 100) -> JobPage:
        self.listed += 1
        if self.list_error:
            raise self.list_error
        newest_first = [job for job in reversed(self.jobs.values()) if job.id not in self.hidden]
        start = next((n + 1 for n, job in enumerate(newest_first) if job.id == after), 0)
        page = newest_first[start : start + limit]
        return JobPage(
            jobs=tuple(page),
            has_more=len(newest_first) > start + limit,
            last_id=page[-1].id if page else None,
            sent_at=time.time() + self.clock_offset if self.has_date else None,
        )

    def list_many(self, afters: Iterable[str | None], *, limit: int, concurrency: int) -> Sequence[JobPage]:
        return [self.list(after=after, limit=limit) for after in afters]

    def retrieve_many(self, job_ids: Iterable[str], *, concurrency: int) -> dict[str, Job | BackendError]:
        return {job_id: self.answer(job_id) for job_id in job_ids}

    def delete(self, job_id: str) -> None:
        if job_id in self.answers:
            raise self.answers[job_id]
        job = self.jobs.get(job_id)
        if self.refuses_to_delete_running and job and job.status in ("queued", "in_progress"):
            raise RefusedError("It is running.", code="video_not_finished", status=400)
        self.deleted.append(job_id)

    @contextmanager
    def download(self, job_id: str, url: str | None = None) -> Generator[Iterator[bytes]]:
        if isinstance(self.content, BackendError):
            raise self.content
        yield iter(self.content)

    def thumbnail(self, job_id: str, *, max_bytes: int) -> bytes:
        self.pictured.append(job_id)
        if isinstance(self.picture, BackendError):
            raise self.picture
        return self.picture

    def answer(self, job_id: str) -> Job | BackendError:
        self.polls += 1
        if job_id in self.answers:
            return self.answers[job_id]
        return self.jobs.get(job_id) or RefusedError("No such job.", code="not_found", status=404)
