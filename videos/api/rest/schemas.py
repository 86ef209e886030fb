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
from videos.models.video_model import MAX_REFERENCES
from videos.services.videos import MAX_PROMPT_LENGTH
from videos.validation import PUBLIC_ID_PATTERN

Status = Literal["queued", "in_progress", "completed", "failed", "canceled"]
Output = Literal["video", "browser", "thumbnail", "spritesheet"]
Action = Literal["cancel", "retry", "check-again", "adopt", "submit-again", "give-up"]
VideoKind = Literal["create", "remix", "edit", "extend"]
PublicId = Annotated[str, StringConstraints(pattern=f"^{PUBLIC_ID_PATTERN}$")]

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]

# For the documentation alone: the services check these values, with better sentences.
Prompt = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_PROMPT_LENGTH,
            "description": "What the video is to show.",
            "examples": ["A paper boat on a rainy street"],
        }
    ),
]
WholeNumber = BeforeValidator(read_whole_number)  # also "4", "4.0" and 4.0
Seconds = Annotated[
    int,
    WholeNumber,
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^[1-9][0-9]{0,4}$"}]}
    ),
]
# Checked against the model's declarations, which also take a number or a switch as text.
Parameters = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
    ),
]
MAX_COLLECTIONS_OF_REQUEST = 10  # each is locked while the video is written
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
        examples=["sora-2"],
    )
    seconds: Seconds = Field(
        default_factory=lambda: settings.DEFAULT_SECONDS,
        description="A duration that the model offers; by default DEFAULT_SECONDS.",
        examples=[4],
    )
    size: str = Field(
        default_factory=lambda: settings.DEFAULT_SIZE,
        description="WIDTHxHEIGHT, a size that the model offers; by default DEFAULT_SIZE.",
        examples=["1280x720"],
    )
    backend: str = Field(
        "",
        max_length=100,
        description="The name of the backend that is to make it, as `/api/v1/models` has it. It is refused"
        " where another one would make it now. By default any.",
    )
    ratio: str = Field(
        "",
        description="In place of `size`: a ratio that the model has, such as 16:9. With `resolution`, or at"
        " the one that comes nearest to DEFAULT_SIZE.",
    )
    resolution: str = Field(
        "",
        description="In place of `size`: a resolution that the model has, such as 720p, 1080p or 4K. With"
        " `ratio`, or at the one that comes nearest to DEFAULT_SIZE.",
    )
    fit: Literal["crop", "pad"] = Field(
        "crop", description="How the first and last frame are fitted to the size."
    )
    reference: PublicId | None = Field(
        None, description="Id of an image of yours that it starts from, as a video tells it."
    )
    last_frame: PublicId | None = Field(
        None, description="Id of an image of yours that it ends with; it needs a first one."
    )
    references: list[PublicId] = Field(
        [],
        max_length=MAX_REFERENCES,
        description="Ids of further images of yours to follow: as many as the model's `max_references`.",
    )
    characters: list[PublicId] = Field([], description="Ids of characters that appear, at most 2.")
    collections: list[PublicId] = Field(
        [],
        max_length=MAX_COLLECTIONS_OF_REQUEST,
        description="Ids of collections to put it into. The first one's budget counts it.",
    )
    parameters: Parameters = Field(
        {},
        description="Values by name, of the `parameters` that the model has at `/api/v1/models`. Without a"
        " seed the studio draws one, where the model takes any.",
        examples=[{"seed": 7, "negative_prompt": "text, logos"}],
    )


class AdoptIn(BodyIn):
    """Which job is the video's."""

    job_id: str = Field(max_length=512, description="The job_id of one of the video's candidates.")


class PromptIn(BodyIn):
    """What to make of a video."""

    prompt: Prompt


class ExtendIn(PromptIn):
    """How a video goes on."""

    seconds: Seconds = Field(
        default_factory=lambda: settings.DEFAULT_SECONDS,
        description="Seconds to add; by default DEFAULT_SECONDS.",
    )


class KeyIn(Schema):
    """The header that makes a request safe to send again."""

    key: str = Field(
        "",
        alias="Idempotency-Key",
        max_length=KEY_LIMIT,
        description="Any text. The same request with the same key is carried out once, for 7 days.",
    )


class ListIn(Schema):
    """Which videos to list. A filter that is left out lets every video through."""

    limit: Annotated[int, WholeNumber] = Field(20, ge=1, le=100, description="How many to return.")
    order: Literal["asc", "desc"] = Field("desc", description="By time of creation.")
    after: str = Field(
        "", pattern=f"^({PUBLIC_ID_PATTERN})?$", description="Id of the last video of the page before."
    )
    status: Literal[Status, "needs_decision"] | None = Field(
        None,
        description="Only videos of this status. `needs_decision`: those of the queued ones that wait for you"
        " to decide.",
    )
    model: str = Field("", max_length=100, description="Only videos of this model.")
    scope: Literal["own", "shared", "team"] = Field(
        "own",
        description="`own`: yours. `shared`: others' videos in collections that you were chosen for, or own."
        " `team`: what is in the team's collections; for managers and staff everybody's.",
    )
    collection: str = Field(
        "",
        pattern=f"^({PUBLIC_ID_PATTERN})?$",
        description="Id of a collection: only the videos in it, whoever they are of; `scope` is left aside.",
    )
    q: str = Field("", max_length=MAX_QUERY_LENGTH, description=f"What the prompt contains. {RULE}")


class UsageIn(Schema):
    """The days to sum up, in the studio's time zone."""

    first: Day | None = Field(None, alias="from", description="By default 29 days before `to`.")
    last: Day | None = Field(None, alias="to", description="Included; by default today.")


class Trouble(Schema):
    """A reason: a code for programs, a sentence for people."""

    code: str = Field(description="For programs.", examples=["moderation_blocked"])
    message: str = Field(description="For people.")


class TimingsOut(Schema):
    """When each step was reached; null for a step that was not."""

    submitted_at: int | None = Field(description=f"When it was sent to a backend. {_UNIX_TIME}")
    accepted_at: int | None = Field(description=f"When the backend took the job. {_UNIX_TIME}")
    generated_at: int | None = Field(description=f"When the backend had finished. {_UNIX_TIME}")
    finished_at: int | None = Field(description=f"When the video had ended. {_UNIX_TIME}")


class UrlsOut(Schema):
    """Related addresses. One that does not exist, or not yet, is null."""

    self: str = Field(description="The video in this API.")
    page: str = Field(description="Its page in the studio.")
    download: str | None = Field(description="Its file, as the backend delivered it.")
    thumbnail: str | None = Field(description="Its poster, a WebP image.")
    spritesheet: str | None = Field(description="Small frames of it in one JPEG image.")


class BrowserCopyOut(Schema):
    """An MP4 with H.264 and AAC, made of a file that browsers may not play."""

    url: str = Field(description="The copy.")
    bytes: int | None = Field(description="Its size.")
    sha256: str | None = Field(description="Its SHA-256, in hexadecimal.")


class CandidateOut(Schema):
    """A job of the backend that may be the video's, as the backend lists it. What it leaves out is null."""

    job_id: str = Field(description="The backend's id of the job: post it to `adopt`.")
    status: str | None = Field(description="In the backend's own words.")
    prompt: str | None = Field(description="What the job was asked to show.")
    model: str | None = Field(description="The model that makes it.")
    size: str | None = Field(description="WIDTHxHEIGHT in pixels.")
    seconds: int | None = Field(description="The length that it generates.")
    seed: int | None = Field(description="The seed that it was asked for with.")
    created_at: int | None = Field(description=_UNIX_TIME)
    thumbnail: str | None = Field(
        description="Address of its picture (WebP): 404 if it has none, or none yet. Null for a job that may"
        " be another person's."
    )
    may_be_anothers: bool = Field(
        description="It may be another person's as well: its prompt is not told, and only staff can adopt it."
    )


class VideoOut(Schema):
    """A video, from the request to the file."""

    id: str = Field(description="Its id.", examples=["video_2k7c0s5pq9v1"])
    object: Literal["video"] = Field(default="video", description="Always `video`.")
    owner: str = Field(
        description="The username of the person it belongs to. Of another's video you are not told its costs"
        " (unless you are a manager), nor what it was made of.",
        examples=["alice"],
    )
    status: Status = Field(description="Where it stands.")
    progress: int = Field(ge=0, le=100, description="Percent.")
    model: str = Field(description="The model that makes it.", examples=["sora-2"])
    seconds: int = Field(description="As requested and charged; of an extension what it adds.")
    total_seconds: int = Field(description="Length of the whole video, with an extension's source.")
    size: str = Field(description="As requested: WIDTHxHEIGHT in pixels.", examples=["1280x720"])
    prompt: str = Field(description="What it is to show.")
    kind: VideoKind = Field(description="How it was asked for.")
    remixed_from: str | None = Field(description="Id of the video it was made from.")
    characters: list[str] = Field(description="Ids of the characters that appear in it.")
    has_reference: bool = Field(description="Whether it starts from a reference image.")
    reference: str | None = Field(description="Id of the image that it starts from.")
    last_frame: str | None = Field(description="Id of the image that it ends with.")
    references: list[str] = Field(description="Ids of the further images that it follows.")
    parameters: dict[str, bool | int | float | str] = Field(
        description="The values that were asked for, by name.", examples=[{"seed": 7}]
    )
    seed: int | None = Field(
        description="The seed of its picture: as the backend says it used it, else as it was sent, chosen or"
        " drawn; null where the model takes none."
    )
    created_at: int = Field(description=_UNIX_TIME)
    completed_at: int | None = Field(description=_UNIX_TIME)
    cost: float | None = Field(
        description="US dollars: as charged where the backend says so, else as estimated; null without both."
    )
    estimated_cost: float | None = Field(
        description="US dollars as estimated when it was requested; null where no price was known."
    )
    estimated_from_videos: int | None = Field(
        description="How many charged videos the estimate was learned from; null for the catalogue's price."
    )
    charged_cost: float | None = Field(
        description="US dollars that the backend says it charged; null while, or where, it does not say."
    )
    cost_difference: float | None = Field(
        description="US dollars by which the charge is above the estimate; null unless both are known."
    )
    charge_problem: str | None = Field(
        description="Why what the backend named as its charge cannot be one; null where nothing is wrong with"
        " it."
    )
    error: Trouble | None = Field(description="Why it failed.")
    note: Trouble | None = Field(description="What is delaying a video that has not ended, if anything is.")
    paused: bool = Field(
        description="Whether it waits because its owner paused it. What else holds it up is told by `/queue`."
    )
    needs_decision: bool = Field(
        description="Whether the backend received the job is unknown: call check-again, adopt, submit-again"
        " or give-up."
    )
    candidates: list[CandidateOut] = Field(
        description="Of a video that needs a decision, the jobs that may be its own. Post one to adopt."
    )
    queued_at_backend: bool = Field(
        description="The backend has accepted it and holds it in its own queue; `status` is in_progress."
    )
    next_check_at: int | None = Field(
        description="When a failed video is checked for a late result by itself; null when it is not."
        f" {_UNIX_TIME}"
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
    bytes: int | None = Field(description="Size of the file.")
    sha256: str | None = Field(description="SHA-256 of the file, in hexadecimal.")
    container: str | None = Field(description="Of the file as the backend delivered it, such as “MP4”.")
    codec: str | None = Field(description="Of the file as the backend delivered it, such as “HEVC 10-bit”.")
    original_codec: str | None = Field(
        description="Where the original was removed for its age: its codec. The file is the copy, then."
    )
    moves_to_trash_at: int | None = Field(description="When its age moves it to the trash, once announced.")
    browser_copy: BrowserCopyOut | None = Field(
        description="A copy that every browser plays; null where the file itself does, or none could be made."
    )
    timings: TimingsOut = Field(description="When each step was reached.")
    urls: UrlsOut = Field(description="Addresses of the video and its files.")


class PageOut(Schema):
    """A page of videos."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[VideoOut] = Field(description="The videos, in the requested order.")
    has_more: bool = Field(description="Whether there is a next page.")
    next: str | None = Field(description="Pass it as `after` for the next page; null on the last.")


class DeletedOut(Schema):
    """The end of a video."""

    id: str = Field(description="The id that it had.")
    object: Literal["video.deleted"] = Field(default="video.deleted", description="Always `video.deleted`.")
    deleted: Literal[True] = Field(default=True, description="Always true.")


class FaultOut(Schema):
    """What is wrong with a row of a batch."""

    place: str = Field(description="Where the row stands.", examples=["row 4"])
    column: str = Field(description="The column at fault; empty for the whole row.", examples=["seconds"])
    message: str = Field(description="For people.")


class RefusalBody(Schema):
    """What is wrong with a request."""

    type: str = Field(description="The kind of error.", examples=["invalid_request_error"])
    code: str = Field(description="For programs.", examples=["invalid_value"])
    message: str = Field(description="For people.")
    param: str | None = Field(description="The field at fault.", examples=["seconds"])
    left: str | None = Field(
        None, description="With `budget_exceeded`: what the budget has left.", examples=["3.20"]
    )
    renews_at: int | None = Field(
        None, description=f"With `budget_exceeded`: when it is full again; null for never. {_UNIX_TIME}"
    )
    price: str | None = Field(
        None,
        description="With `price_confirmation_required`: what to send as `Confirm-Price`.",
        examples=["12.50"],
    )
    faults: list[FaultOut] | None = Field(
        None, description="With `invalid_rows`: what is wrong with the rows of a batch, the first hundred."
    )


class Refusal(Schema):
    """The one shape of every error."""

    error: RefusalBody = Field(description="What is wrong.")
