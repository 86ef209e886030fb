"""Where jobs are taken in: a request becomes an order, and an accepted order a job in the books."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile

from simulator import protocol, recipe, uploads
from simulator.faults import Faults, Rule
from simulator.jobs import Job, Store
from simulator.protocol import Refusal
from simulator.recipe import Recipe
from simulator.studio import Studio


@dataclass
class Settings:
    """How it behaves. `duration`: seconds a job takes, changeable while running; `lazy`: render on demand.

    `poll_after`: seconds it asks clients to wait between two looks at a job; None asks for nothing.
    """

    data: Path
    duration: float = 10.0
    fps: int = 24
    lazy: bool = False
    api_key: str | None = None
    processes: int = 1
    poll_after: float | None = None


@dataclass(frozen=True)
class Order:
    """A request that has passed all checks. `billed` is the seconds of new film it pays for."""

    kind: str
    prompt: str
    model: str
    recipe: Recipe
    billed: int
    source: str | None = None
    upload: uploads.Upload | None = None


@dataclass(frozen=True)
class _Source:
    recipe: Recipe
    model: str
    job_id: str | None = None
    upload: uploads.Upload | None = None


class Desk:
    """The simulator's state and what can be done with it."""

    def __init__(self, settings: Settings) -> None:
        settings.data.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        self.store = Store(settings.data / "simulator.sqlite3")
        self.studio = Studio(self.store, settings.data, settings.fps, settings.processes)

    async def close(self) -> None:
        """End the render processes and close the store."""
        await self.studio.close()
        self.store.close()

    def job(self, job_id: str) -> Job:
        """The job with that id, or the 404."""
        job = self.store.find(job_id)
        if job is None:
            raise protocol.missing("Video", job_id[:80])
        return job

    async def creation(self, given: Mapping[str, Any]) -> Order:
        """The order in a create request."""
        prompt = protocol.prompt(given)
        model, size = protocol.model_and_size(given)
        seconds = protocol.seconds(given)
        self._check_characters(given.get("characters"))
        picture = await uploads.reference(given.get("input_reference"), size)
        name = picture.name if picture else None
        film = recipe.fresh(prompt, size, seconds, fine=model == protocol.PRO, reference=name)
        return Order("create", prompt, model, film, seconds, upload=picture)

    def remix(self, job_id: str, given: Mapping[str, Any]) -> Order:
        """The order in a remix request."""
        source = self._finished(job_id)
        prompt = protocol.prompt(given)
        film = recipe.recoloured(source.recipe, prompt)
        return Order("remix", prompt, source.model, film, film.seconds, source=source.job_id)

    async def edit(self, given: Mapping[str, Any]) -> Order:
        """The order in an edit request."""
        prompt = protocol.prompt(given)
        source = await self._source(given.get("video"))
        film = recipe.recoloured(source.recipe, prompt)
        return Order("edit", prompt, source.model, film, film.seconds, source.job_id, source.upload)

    async def extension(self, given: Mapping[str, Any]) -> Order:
        """The order in an extension request. Only the new seconds are billed; the film is the whole."""
        prompt = protocol.prompt(given)
        seconds = protocol.seconds(given, required=True)
        source = await self._source(given.get("video"))
        film = recipe.extended(source.recipe, prompt, seconds)
        protocol.check_extension(film.seconds, len(film.acts) - 1)
        return Order("extend", prompt, source.model, film, seconds, source.job_id, source.upload)

    def accept(self, order: Order, rule: Rule | None) -> dict[str, Any]:
        """Take an order: files first, then job and books in one transaction. Returns the protocol's reply.

        A `fail_job` rule makes the job fail at its share of the duration.
        """
        self._keep(order.upload)
        now = time.time()
        duration = self.settings.duration
        failing = rule is not None and rule.kind == "fail_job"
        options = rule.options if rule is not None and failing else {}
        film = self._take(order)
        job = Job(
            id=f"video_{secrets.token_hex(16)}",
            kind=order.kind,
            prompt=order.prompt,
            model=order.model,
            size=f"{film.width}x{film.height}",
            seconds=film.seconds,
            recipe=film.to_json(),
            source=order.source,
            created_at=now,
            duration=duration,
            lazy=self.settings.lazy,
            failed_at=now + duration * options["fraction"] if failing else None,
            error_code=options.get("code"),
            error_message=options.get("message"),
        )
        self.store.accept(job, order.billed)
        if not job.lazy and not failing:
            self.studio.order(job.id)
        # Whatever the clock says, what has only just been accepted is queued.
        return {**job.view(now), "status": "queued", "progress": 0, "completed_at": None, "error": None}

    def delete(self, job: Job) -> dict[str, Any]:
        """Delete a finished job with its files; one still running is a Refusal. The books keep it."""
        status, _ = job.status(time.time())
        if status not in ("completed", "failed"):
            raise Refusal(
                f"Video is {status}; only finished videos can be deleted.", code="video_not_finished"
            )
        self.store.delete(job.id)
        names = recipe.from_json(job.recipe).inputs()
        self.studio.forget(job, [name for name in names if not self.store.needs_input(name)])
        return {"id": job.id, "object": "video.deleted", "deleted": True}

    async def character(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a character; the protocol's reply."""
        name = protocol.text(given, "name", protocol.MAX_NAME)
        video = given.get("video")
        if not isinstance(video, UploadFile):
            raise Refusal("Invalid 'video': expected a file.", param="video", code="invalid_type")
        kept, _ = uploads.clip(await video.read())
        character_id = f"char_{secrets.token_hex(12)}"
        clip = f"{character_id}.video"
        (self.studio.inputs / clip).write_bytes(kept.content)
        now = time.time()
        self.store.keep_character(character_id, name, clip, now)
        return {"id": character_id, "name": name, "created_at": int(now)}

    def _take(self, order: Order) -> Recipe:
        """The film of an order: a prompt that was filmed before is filmed another way, as a model would."""
        if order.kind != "create":
            return order.recipe
        return recipe.taken_again(order.recipe, self.store.takes(order.prompt) + 1)

    def _keep(self, upload: uploads.Upload | None) -> None:
        if upload is not None:
            (self.studio.inputs / upload.name).write_bytes(upload.content)

    def _finished(self, job_id: str) -> _Source:
        job = self.job(job_id)
        if job.status(time.time())[0] != "completed":
            raise Refusal("The source video is not completed.", param="video", code="video_not_ready")
        return _Source(recipe.from_json(job.recipe), job.model, job.id)

    async def _source(self, video: object) -> _Source:
        """The video an edit or extension starts from: a completed job's id, or a file."""
        if isinstance(video, UploadFile):
            kept, film = uploads.clip(await video.read())
            return _Source(film, "sora-2", upload=kept)
        job_id = video.get("id") if isinstance(video, Mapping) else None
        if not isinstance(job_id, str):
            sentence = "Invalid 'video': expected a file or {\"id\": …}."
            raise Refusal(sentence, param="video", code="invalid_type")
        return self._finished(job_id)

    def _check_characters(self, listed: object) -> None:
        if listed is None:
            return
        if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
            raise Refusal("Invalid 'characters': expected a list.", param="characters", code="invalid_type")
        if len(listed) > protocol.MAX_CHARACTERS:
            sentence = f"At most {protocol.MAX_CHARACTERS} characters."
            raise Refusal(sentence, param="characters", code="invalid_value")
        for one in listed:
            identifier = one.get("id")
            if not isinstance(identifier, str) or self.store.character(identifier) is None:
                raise protocol.missing("Character", str(identifier)[:80])
