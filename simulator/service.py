"""The simulator's service: it validates requests, accepts them as jobs, and deletes jobs."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile

from simulator import protocol, scene_spec, uploads
from simulator.fault_rules import FaultRule, FaultRules
from simulator.jobs import Job
from simulator.ledger import LedgerEntry
from simulator.protocol import ApiError
from simulator.render_pool import RenderPool
from simulator.scene_spec import Options, SceneSpec
from simulator.settings import Settings
from simulator.store import Store
from simulator.upgrade import upgrade_data


@dataclass(frozen=True)
class JobRequest:
    """A validated request for a new job. `billed_seconds` is the length of new video it pays for.

    `characters` are ids. `idempotency_key` is the header of that name. `seed` decides the picture, if there
    is one.
    """

    kind: str
    prompt: str
    model: str
    scene_spec: SceneSpec
    billed_seconds: int
    source: str | None = None
    uploads: tuple[uploads.Upload, ...] = ()
    characters: tuple[str, ...] = ()
    idempotency_key: str | None = None
    seed: int | None = None

    @property
    def fingerprint(self) -> str:
        """The SHA-256 that two requests share exactly when they ask for the same."""
        spec = self.scene_spec.to_json()
        asked = json.dumps([self.kind, self.prompt, self.model, spec, self.source, self.characters])
        return hashlib.sha256(asked.encode()).hexdigest()


@dataclass(frozen=True)
class _Source:
    """The video that a remix, edit or extension starts from."""

    scene_spec: SceneSpec
    model: str
    job_id: str | None = None
    uploads: tuple[uploads.Upload, ...] = ()


class VideoService:
    """Everything the simulator holds, and the operations on it."""

    def __init__(self, settings: Settings) -> None:
        settings.data.mkdir(parents=True, exist_ok=True)
        database = settings.data / "simulator.sqlite3"
        upgrade_data(settings.data, database)
        self.settings = settings
        self.fault_rules = FaultRules()
        self.request_counts: Counter[str] = Counter()
        self.store = Store(database)
        self.render_pool = RenderPool(self.store, settings)

    async def close(self) -> None:
        """End the render processes and close the store."""
        await self.render_pool.close()
        self.store.close()

    def get_job(self, job_id: str) -> Job:
        """Return the job with that id. Raises ApiError, a 404, when there is none."""
        job = self.store.find_job(job_id)
        if job is None:
            raise protocol.not_found("Video", job_id[:80])
        return job

    async def validate_create(self, fields: Mapping[str, Any]) -> JobRequest:
        """Return the job that a create request asks for. Raises ApiError."""
        prompt = protocol.parse_prompt(fields)
        model, size = protocol.parse_model_and_size(fields)
        seconds = protocol.parse_seconds(fields)
        characters = self._parse_characters(fields.get("characters"))
        reference = await uploads.parse_frame(fields.get("input_reference"), size)
        last_frame = await uploads.parse_frame(fields.get("last_frame"), size, "last_frame")
        if last_frame and not reference:
            raise ApiError("A last frame needs a first frame.", param="last_frame", code="invalid_value")
        references = await uploads.parse_references(fields.get("input_references"))
        options = Options(
            protocol.parse_seed(fields), protocol.parse_negative_prompt(fields), protocol.parse_sound(fields)
        )
        spec = scene_spec.new_spec(
            prompt,
            size,
            seconds,
            high_quality=model == protocol.PRO_MODEL,
            reference=reference.name if reference else None,
            last_frame=last_frame.name if last_frame else None,
            references=tuple(image.name for image in references),
            options=options,
        )
        return JobRequest(
            "create",
            prompt,
            model,
            spec,
            seconds,
            uploads=tuple(image for image in (reference, last_frame, *references) if image),
            characters=characters,
            seed=options.seed,
        )

    def validate_remix(self, job_id: str, fields: Mapping[str, Any]) -> JobRequest:
        """Return the job that a remix request asks for. Raises ApiError."""
        source = self._completed_source(job_id)
        prompt = protocol.parse_prompt(fields)
        spec = scene_spec.recoloured(source.scene_spec, prompt)
        return JobRequest("remix", prompt, source.model, spec, spec.seconds, source=source.job_id)

    async def validate_edit(self, fields: Mapping[str, Any]) -> JobRequest:
        """Return the job that an edit request asks for. Raises ApiError."""
        prompt = protocol.parse_prompt(fields)
        source = await self._parse_source(fields.get("video"))
        spec = scene_spec.recoloured(source.scene_spec, prompt)
        return JobRequest("edit", prompt, source.model, spec, spec.seconds, source.job_id, source.uploads)

    async def validate_extension(self, fields: Mapping[str, Any]) -> JobRequest:
        """Return the job that an extension request asks for. Raises ApiError.

        The new video contains its source; only the added seconds are billed.
        """
        prompt = protocol.parse_prompt(fields)
        seconds = protocol.parse_seconds(fields, required=True)
        source = await self._parse_source(fields.get("video"))
        spec = scene_spec.extended(source.scene_spec, prompt, seconds)
        protocol.validate_extension(spec.seconds, len(spec.segments) - 1)
        return JobRequest("extend", prompt, source.model, spec, seconds, source.job_id, source.uploads)

    def accept(self, request: JobRequest, rule: FaultRule | None) -> dict[str, Any]:
        """Accept a job: save its files, then the job and its ledger entry in one transaction.

        A `fail_job` rule makes the job fail at its fraction of the duration. Returns the protocol's Video.
        """
        for upload in request.uploads:
            (self.render_pool.inputs / upload.name).write_bytes(upload.content)
        now = time.time()
        job = self._build_job(request, rule, now)
        self.store.accept(job, self._build_ledger_entry(job, request))
        if not job.lazy and job.failed_at is None:
            self.render_pool.enqueue(job.id)
        # A job that has only just been accepted is queued, even when its duration is 0.
        return {**job.to_video(now), "status": "queued", "progress": 0, "completed_at": None, "error": None}

    def find_repeated(self, request: JobRequest) -> Job | None:
        """Return the job of the earlier request with the same Idempotency-Key, where keys are honoured.

        Raises ApiError 409 when that request asked for something else or its job was deleted.
        """
        key = request.idempotency_key
        found = self.store.find_key(key) if key and self.settings.quirks.honours_idempotency_key else None
        if found is None:
            return None
        job_id, fingerprint = found
        if fingerprint != request.fingerprint:
            message = "This Idempotency-Key was used for a request that asked for something else."
            raise ApiError(message, status=409, code="idempotency_key_reused")
        job = self.store.find_job(job_id)
        if job is None:
            message = "The video of this Idempotency-Key was deleted."
            raise ApiError(message, status=409, code="video_deleted")
        return job

    def delete(self, job: Job) -> dict[str, Any]:
        """Delete a job with its files and return the reply; its ledger entry stays.

        Raises ApiError while it runs, unless the quirks let running jobs be deleted.
        """
        quirks, now = self.settings.quirks, time.time()
        status, _ = job.status(now)
        if status not in ("completed", "failed") and quirks.delete_style == "protocol":
            message = f"Video is {status}; only finished videos can be deleted."
            raise ApiError(message, status=quirks.delete_refusal, code="video_not_finished")
        self.store.delete_job(job.id)
        names = scene_spec.from_json(job.scene_spec).input_names
        self.render_pool.delete_files(job, [name for name in names if not self.store.is_input_used(name)])
        if quirks.delete_style == "sglang":
            return {**job.to_video(now), "status": "deleted"}
        return {"id": job.id, "object": "video.deleted", "deleted": True}

    async def create_character(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Save a character and return the protocol's object for it. Raises ApiError."""
        name = protocol.parse_text(fields, "name", protocol.MAX_NAME_LENGTH)
        video = fields.get("video")
        if not isinstance(video, UploadFile):
            raise ApiError("Invalid 'video': expected a file.", param="video", code="invalid_type")
        upload, _ = uploads.parse_clip(await video.read())
        character_id = f"char_{secrets.token_hex(12)}"
        clip = f"{character_id}.video"
        (self.render_pool.inputs / clip).write_bytes(upload.content)
        now = time.time()
        self.store.save_character(character_id, name, clip, now)
        return {"id": character_id, "name": name, "created_at": int(now)}

    def _build_job(self, request: JobRequest, rule: FaultRule | None, now: float) -> Job:
        spec = self._spec_of_next_take(request)
        duration, workers = self.settings.duration, self.settings.quirks.workers
        starts_at = self.store.free_worker_at(workers, now) if workers else now
        failure = rule.options if rule is not None and rule.kind == "fail_job" else None
        return Job(
            id=f"video_{secrets.token_hex(16)}",
            kind=request.kind,
            prompt=request.prompt,
            model=request.model,
            size=f"{spec.width}x{spec.height}",
            seconds=spec.seconds,
            scene_spec=spec.to_json(),
            source=request.source,
            created_at=now,
            duration=duration,
            lazy=self.settings.lazy,
            failed_at=starts_at + duration * failure["fraction"] if failure else None,
            error_code=failure["code"] if failure else None,
            error_message=failure["message"] if failure else None,
            started_at=starts_at if workers else None,
            seed=request.seed,
        )

    def _build_ledger_entry(self, job: Job, request: JobRequest) -> LedgerEntry:
        starts_at = job.created_at if job.started_at is None else job.started_at
        return LedgerEntry(
            id=job.id,
            kind=job.kind,
            prompt=job.prompt,
            model=job.model,
            size=job.size,
            seconds=request.billed_seconds,
            accepted_at=job.created_at,
            price=self.settings.quirks.price(job.model, request.billed_seconds),
            idempotency_key=request.idempotency_key,
            reference=request.scene_spec.reference,
            fingerprint=request.fingerprint,
            ends_at=starts_at + job.duration if job.failed_at is None else job.failed_at,
        )

    def _spec_of_next_take(self, request: JobRequest) -> SceneSpec:
        """Return the spec to render: like a real model, a prompt used before gives a different video, unless
        its seed says which.
        """
        if request.kind != "create" or request.seed is not None:
            return request.scene_spec
        take = self.store.count_takes(request.prompt) + 1
        return scene_spec.with_take(request.scene_spec, take)

    def _completed_source(self, job_id: str) -> _Source:
        job = self.get_job(job_id)
        if job.status(time.time())[0] != "completed":
            raise ApiError("The source video is not completed.", param="video", code="video_not_ready")
        return _Source(scene_spec.from_json(job.scene_spec), job.model, job.id)

    async def _parse_source(self, video: object) -> _Source:
        """Return the source that an edit or extension names: a completed job's id, or a file."""
        if isinstance(video, UploadFile):
            upload, spec = uploads.parse_clip(await video.read())
            return _Source(spec, protocol.DEFAULT_MODEL, uploads=(upload,))
        job_id = video.get("id") if isinstance(video, Mapping) else None
        if not isinstance(job_id, str):
            message = "Invalid 'video': expected a file or {\"id\": …}."
            raise ApiError(message, param="video", code="invalid_type")
        return self._completed_source(job_id)

    def _parse_characters(self, characters: object) -> tuple[str, ...]:
        """Return the ids of a create request's characters. Raises ApiError."""
        if characters is None:
            return ()
        if not isinstance(characters, list) or not all(isinstance(item, Mapping) for item in characters):
            raise ApiError("Invalid 'characters': expected a list.", param="characters", code="invalid_type")
        if len(characters) > protocol.MAX_CHARACTERS:
            message = f"At most {protocol.MAX_CHARACTERS} characters."
            raise ApiError(message, param="characters", code="invalid_value")
        for item in characters:
            character_id = item.get("id")
            if not isinstance(character_id, str) or self.store.find_character(character_id) is None:
                raise protocol.not_found("Character", str(character_id)[:80])
        return tuple(item["id"] for item in characters)
