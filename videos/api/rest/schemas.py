"""Schemas of the REST API, and functions that fill them from rows."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from ninja import Schema
from pydantic import Field, StringConstraints, WithJsonSchema

from videos.api.idempotency import KEY_LIMIT
from videos.capabilities import Offer
from videos.models import JobCandidate, PromptTemplate, State, Video
from videos.services.videos import MAX_PROMPT_LENGTH
from videos.validation import PUBLIC_ID_PATTERN

Status = Literal["queued", "in_progress", "completed", "failed", "canceled"]
Output = Literal["video", "thumbnail", "spritesheet"]
Action = Literal["cancel", "retry", "check-again", "adopt", "submit-again", "give-up"]
VideoKind = Literal["create", "remix", "edit", "extend"]
PublicId = Annotated[str, StringConstraints(pattern=f"^{PUBLIC_ID_PATTERN}$")]

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]

# For the documentation alone: the services check these values, with better sentences.
Prompt = Annotated[str, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_PROMPT_LENGTH})]
Seconds = Annotated[
    int,
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^[1-9][0-9]{0,4}$"}]}
    ),
]
_UNIX_TIME = "Unix time, in seconds."


class GenerateIn(Schema):
    """A request for one video. A field that is left out, or null, takes the server's default."""

    prompt: Prompt
    model: str = Field(
        default_factory=lambda: settings.DEFAULT_MODEL,
        description="One of `/api/v1/models`; by default DEFAULT_MODEL.",
    )
    seconds: Seconds = Field(
        default_factory=lambda: settings.DEFAULT_SECONDS,
        description="A duration that the model offers; by default DEFAULT_SECONDS.",
    )
    size: str = Field(
        default_factory=lambda: settings.DEFAULT_SIZE,
        description="WIDTHxHEIGHT, a size that the model offers; by default DEFAULT_SIZE.",
    )
    fit: Literal["crop", "pad"] = Field("crop", description="How a reference image is fitted to the size.")
    characters: list[PublicId] = Field([], description="Ids of characters that appear, at most 2.")


class AdoptIn(Schema):
    job_id: str = Field(max_length=512, description="The job_id of one of the video's candidates.")


class PromptIn(Schema):
    prompt: Prompt


class ExtendIn(PromptIn):
    seconds: Seconds = Field(
        default_factory=lambda: settings.DEFAULT_SECONDS,
        description="Seconds to add; by default DEFAULT_SECONDS.",
    )


class KeyIn(Schema):
    key: str = Field(
        "",
        alias="Idempotency-Key",
        max_length=KEY_LIMIT,
        description="Any text. The same request with the same key is carried out once, for 7 days.",
    )


class ListIn(Schema):
    """Which videos to list. A filter that is left out lets every video through."""

    limit: int = Field(20, ge=1, le=100)
    order: Literal["asc", "desc"] = Field("desc", description="By time of creation.")
    after: str = Field(
        "", pattern=f"^({PUBLIC_ID_PATTERN})?$", description="Id of the last video of the page before."
    )
    status: Status | None = None
    model: str = Field("", max_length=100)
    q: str = Field("", max_length=200, description="A text that the prompt contains.")


class UsageIn(Schema):
    """The days to sum up, in the studio's time zone."""

    first: Day | None = Field(None, alias="from", description="By default 29 days before `to`.")
    last: Day | None = Field(None, alias="to", description="Included; by default today.")


class Trouble(Schema):
    """A reason: a code for programs, a sentence for people."""

    code: str
    message: str


class TimingsOut(Schema):
    """When each step was reached; null for a step that was not."""

    submitted_at: int | None = Field(description=_UNIX_TIME)
    accepted_at: int | None = Field(description=_UNIX_TIME)
    generated_at: int | None = Field(description=_UNIX_TIME)
    finished_at: int | None = Field(description=_UNIX_TIME)


class UrlsOut(Schema):
    """Related addresses. One that does not exist, or not yet, is null."""

    self: str
    page: str
    download: str | None
    thumbnail: str | None
    spritesheet: str | None


class CandidateOut(Schema):
    """A job of the backend that may be the video's, as the backend lists it. What it leaves out is null."""

    job_id: str
    status: str | None = Field(description="In the backend's own words.")
    prompt: str | None
    model: str | None
    size: str | None
    seconds: int | None
    created_at: int | None = Field(description=_UNIX_TIME)
    may_be_anothers: bool = Field(
        description="It may be another person's as well: its prompt is not told, and only staff can adopt it."
    )


class VideoOut(Schema):
    id: str
    object: Literal["video"] = "video"
    status: Status
    progress: int = Field(ge=0, le=100, description="Percent.")
    model: str
    seconds: int = Field(description="As requested and charged; of an extension what it adds.")
    total_seconds: int = Field(description="Length of the whole video, with an extension's source.")
    size: str
    prompt: str
    kind: VideoKind
    remixed_from: str | None = Field(description="Id of the video it was made from.")
    characters: list[str]
    has_reference: bool
    created_at: int = Field(description=_UNIX_TIME)
    completed_at: int | None = Field(description=_UNIX_TIME)
    cost: float | None = Field(
        description="US dollars: as charged where the backend says so, else as estimated; null without both."
    )
    estimated_cost: float | None = Field(
        description="US dollars by the catalogue, when it was requested; null without a price."
    )
    charged_cost: float | None = Field(
        description="US dollars that the backend says it charged; null while, or where, it does not say."
    )
    cost_difference: float | None = Field(
        description="US dollars by which the charge is above the estimate; null unless both are known."
    )
    error: Trouble | None = Field(description="Why it failed.")
    note: Trouble | None = Field(description="What is delaying a video that has not ended, if anything is.")
    needs_decision: bool = Field(
        description="Whether the backend received the job is unknown: call check-again, adopt, submit-again"
        " or give-up."
    )
    candidates: list[CandidateOut] = Field(
        description="Of a video that needs a decision, the jobs that may be its own. Post one to adopt."
    )
    cancel_requested: bool = Field(
        description="It is canceled as soon as it is known whether the backend accepted it."
    )
    actions: list[Action] = Field(
        description="What may be posted to the video now, besides deriving another from it."
    )
    width: int | None = Field(description="Pixels, as measured in the file.")
    height: int | None = Field(description="Pixels, as measured in the file.")
    duration: float | None = Field(description="Seconds, as measured in the file.")
    bytes: int | None
    sha256: str | None
    timings: TimingsOut
    urls: UrlsOut


class PageOut(Schema):
    object: Literal["list"] = "list"
    data: list[VideoOut]
    has_more: bool
    next: str | None = Field(description="Pass it as `after` for the next page; null on the last.")


class DeletedOut(Schema):
    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: Literal[True] = True


class BackendOut(Schema):
    """The backend that makes a model's videos. A capability that is not known is null."""

    name: str
    simulator: bool
    reference_images: bool | None
    characters: bool | None
    remix: bool | None
    edit: bool | None
    extend: bool | None


class ModelOut(Schema):
    id: str
    object: Literal["model"] = "model"
    label: str
    description: str
    default: bool
    sizes: list[str]
    seconds: list[int]
    price_per_second: dict[str, float] = Field(
        description="US dollars by size; “*” stands for every other size. Empty without a price."
    )
    backend: BackendOut


class ModelsOut(Schema):
    object: Literal["list"] = "list"
    data: list[ModelOut]


class TemplateOut(Schema):
    """A prompt template. A setting that it leaves open is null."""

    id: int
    title: str
    prompt: str
    model: str | None
    seconds: int | None
    size: str | None


class TemplatesOut(Schema):
    object: Literal["list"] = "list"
    data: list[TemplateOut]


class SumOut(Schema):
    """A sum over videos that a backend accepted."""

    videos: int
    seconds: int
    dollars: float = Field(
        description="As charged where the backends say so, else by the catalogue; a video without either adds"
        " nothing."
    )


class ModelSumOut(SumOut):
    model: str


class DaySumOut(SumOut):
    day: date


class UsageOut(Schema):
    start: date = Field(serialization_alias="from")
    end: date = Field(serialization_alias="to", description="Included.")
    total: SumOut
    by_model: list[ModelSumOut]
    by_day: list[DaySumOut] = Field(description="Days on which something was accepted, the first one first.")


class RefusalBody(Schema):
    type: str
    code: str
    message: str
    param: str | None = Field(description="The field at fault.")


class Refusal(Schema):
    error: RefusalBody


def serialize_video(request: HttpRequest, video: Video) -> VideoOut:
    """Return `video` as the API shows it. Reads its characters: prefetch them for several videos."""
    reason = Trouble(code=video.error_code, message=video.error_message) if video.error_code else None
    has_failed = video.state == State.FAILED
    is_complete = video.state == State.COMPLETED
    candidates = list(video.candidates.all()) if video.needs_decision else []
    actions = [name for name, is_possible in _IS_POSSIBLE.items() if is_possible(video)]
    if any(not candidate.may_be_anothers for candidate in candidates):
        actions.append("adopt")
    return VideoOut(
        id=video.public_id,
        status=cast(Status, video.status),
        progress=100 if is_complete else min(video.progress or 0, 100),
        model=video.model,
        seconds=video.seconds,
        total_seconds=video.total_seconds,
        size=video.size,
        prompt=video.prompt,
        kind=cast(VideoKind, video.kind),
        remixed_from=video.remixed_from or None,
        characters=[character.public_id for character in video.characters.all()],
        has_reference=video.reference_id is not None,
        created_at=int(video.created_at.timestamp()),
        completed_at=_to_unix(video.finished_at) if is_complete else None,
        cost=_to_float(video.cost),
        estimated_cost=_to_float(video.price),
        charged_cost=_to_float(video.charged),
        cost_difference=_to_float(video.cost_difference),
        error=(reason or _UNEXPLAINED) if has_failed else None,
        note=reason if video.is_in_flight else None,
        needs_decision=video.needs_decision,
        cancel_requested=video.is_in_flight and video.cancel_requested_at is not None,
        candidates=[_serialize_candidate(candidate) for candidate in candidates],
        actions=actions,
        width=video.width,
        height=video.height,
        duration=video.duration,
        bytes=video.byte_count,
        sha256=video.sha256 or None,
        timings=TimingsOut(
            submitted_at=_to_unix(video.attempted_at),
            accepted_at=_to_unix(video.accepted_at),
            generated_at=_to_unix(video.generated_at),
            finished_at=_to_unix(video.finished_at),
        ),
        urls=_build_urls(request, video),
    )


def _serialize_candidate(candidate: JobCandidate) -> CandidateOut:
    return CandidateOut(
        job_id=candidate.backend_job_id,
        status=candidate.status or None,
        prompt=candidate.shown_prompt or None,
        model=candidate.model or None,
        size=candidate.size or None,
        seconds=candidate.seconds,
        created_at=_to_unix(candidate.created_at),
        may_be_anothers=candidate.may_be_anothers,
    )


_UNEXPLAINED = Trouble(code="failed", message="The video failed for an unknown reason.")
_IS_POSSIBLE: dict[Action, Callable[[Video], bool]] = {
    "cancel": lambda video: video.can_cancel,
    "retry": lambda video: video.can_retry,
    "check-again": lambda video: video.can_check_again,
    "submit-again": lambda video: video.needs_decision,
    "give-up": lambda video: video.needs_decision,
}


def serialize_offer(offer: Offer) -> ModelOut:
    """Return a model of the catalogue, and the backend that serves it, as the API shows it."""
    model, backend = offer.model, offer.backend
    return ModelOut(
        id=model.name,
        label=model.label,
        description=model.description,
        default=model.name == settings.DEFAULT_MODEL,
        sizes=model.sizes,
        seconds=model.seconds,
        price_per_second={size: float(rate) for size, rate in model.price_per_second.items()},
        backend=BackendOut(
            name=backend.name,
            simulator=backend.is_free,
            reference_images=backend.takes_reference,
            characters=backend.can_characters,
            remix=backend.can_remix,
            edit=backend.can_edit,
            extend=backend.can_extend,
        ),
    )


def serialize_template(template: PromptTemplate) -> TemplateOut:
    return TemplateOut(
        id=template.pk,
        title=template.title,
        prompt=template.prompt,
        model=template.model or None,
        seconds=template.seconds,
        size=template.size or None,
    )


def _build_urls(request: HttpRequest, video: Video) -> UrlsOut:
    def absolute(name: str) -> str:
        return request.build_absolute_uri(reverse(f"api:{name}", args=[video.public_id]))

    download = absolute("download")
    return UrlsOut(
        self=absolute("retrieve"),
        page=request.build_absolute_uri(video.get_absolute_url()),
        download=download if video.file else None,
        thumbnail=f"{download}?output_type=thumbnail" if video.poster else None,
        spritesheet=f"{download}?output_type=spritesheet" if video.scrub_sheet else None,
    )


def _to_float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _to_unix(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
