"""Schemas of the REST API."""

from datetime import date
from typing import Annotated, Any, Literal

from django.conf import settings
from ninja import Schema
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from contentgen.text_search import MAX_QUERY_LENGTH, RULE
from videos.api.idempotency import KEY_LIMIT
from videos.api.numbers import read_whole_number
from videos.services.videos import MAX_PROMPT_LENGTH
from videos.validation import PUBLIC_ID_PATTERN

Status = Literal["queued", "in_progress", "completed", "failed", "canceled"]
Output = Literal["video", "browser", "thumbnail", "spritesheet"]
Action = Literal["cancel", "retry", "check-again", "adopt", "submit-again", "give-up"]
VideoKind = Literal["create", "remix", "edit", "extend"]
PublicId = Annotated[str, StringConstraints(pattern=f"^{PUBLIC_ID_PATTERN}$")]

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]

# For the documentation alone: the services check these values, with better sentences.
Prompt = Annotated[str, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_PROMPT_LENGTH})]
WholeNumber = BeforeValidator(read_whole_number)  # also "4", "4.0" and 4.0
Seconds = Annotated[
    int,
    WholeNumber,
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^[1-9][0-9]{0,4}$"}]}
    ),
]
_UNIX_TIME = "Unix time, in seconds."


class BodyIn(BaseModel):
    """A body of known fields: any other is refused by name, and null is as good as left out."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _leave_out_null(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        known = cls.model_fields
        return {name: value for name, value in fields.items() if value is not None or name not in known}


class GenerateIn(BodyIn):
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


class AdoptIn(BodyIn):
    job_id: str = Field(max_length=512, description="The job_id of one of the video's candidates.")


class PromptIn(BodyIn):
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

    limit: Annotated[int, WholeNumber] = Field(20, ge=1, le=100)
    order: Literal["asc", "desc"] = Field("desc", description="By time of creation.")
    after: str = Field(
        "", pattern=f"^({PUBLIC_ID_PATTERN})?$", description="Id of the last video of the page before."
    )
    status: Literal[Status, "needs_decision"] | None = Field(
        None, description="`needs_decision`: those of the queued ones that wait for you to decide."
    )
    model: str = Field("", max_length=100)
    q: str = Field("", max_length=MAX_QUERY_LENGTH, description=f"What the prompt contains. {RULE}")


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


class BrowserCopyOut(Schema):
    """An MP4 with H.264 and AAC, made of a file that browsers may not play."""

    url: str
    bytes: int | None
    sha256: str | None


class CandidateOut(Schema):
    """A job of the backend that may be the video's, as the backend lists it. What it leaves out is null."""

    job_id: str
    status: str | None = Field(description="In the backend's own words.")
    prompt: str | None
    model: str | None
    size: str | None
    seconds: int | None
    created_at: int | None = Field(description=_UNIX_TIME)
    thumbnail: str | None = Field(
        description="Address of its picture (WebP): 404 if it has none, or none yet. Null for a job that may"
        " be another person's."
    )
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
    cost: float | None = Field(description="US dollars by the catalogue; null without a price.")
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
    container: str | None = Field(description="Of the file as the backend delivered it, such as “MP4”.")
    codec: str | None = Field(description="Of the file as the backend delivered it, such as “HEVC 10-bit”.")
    browser_copy: BrowserCopyOut | None = Field(
        description="A copy that every browser plays; null where the file itself does, or none could be made."
    )
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
    dollars: float = Field(description="By the catalogue; a video without a price adds nothing.")


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
