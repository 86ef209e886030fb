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
from videos.models.video import MAX_RATING
from videos.models.video_model import MAX_REFERENCES
from videos.services.generation_requests import MAX_PROMPT_LENGTH
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


class VideoChangeIn(BodyIn):
    """What to change about a video."""

    rating: int | None = Field(ge=1, le=MAX_RATING, description="From 1 to 5; null takes the rating away.")


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
