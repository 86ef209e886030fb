"""Schemas of batches in the REST API."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, WithJsonSchema

from videos.api.rest.approval_schemas import ApprovalOut
from videos.api.rest.schemas import BodyIn, WholeNumber
from videos.models.batch import NAME_LIMIT
from videos.models.collection import COLLECTION_NAME_LIMIT
from videos.validation import PUBLIC_ID_PATTERN

Status = Literal[
    "ready", "awaiting_approval", "creating", "stopped", "running", "retrying", "canceling", "completed"
]
RowStatus = Literal["waiting", "running", "done", "failed", "canceled", "gone"]
_AMOUNT = "In the studio's currency."
_UNIX_TIME = "Unix time, in seconds."

# Checked as the rows of a file are, with a sentence for each fault.
Rows = Annotated[
    list[dict[str, Any]],
    WithJsonSchema({"type": "array", "items": {"type": "object", "additionalProperties": True}}),
]


class BatchIn(BodyIn):
    """Rows, or a template whose values are combined. A file comes in a form, with the same other fields."""

    name: str = Field("", max_length=NAME_LIMIT, description="What the batch is called.")
    rows: Rows = Field(
        [],
        description="An object for each video, with the columns of a file: prompt, model, seconds, size or "
        "ratio and resolution, reference, last_frame, references, fit, tags, collection, key, parameters.",
        examples=[[{"prompt": "A fox in the snow", "key": "shot-1"}]],
    )
    template: str = Field(
        "",
        max_length=32_000,
        description="A prompt with variables. With rows, they are columns; alone, all combinations are made.",
        examples=["{city|Paris,Tokyo} at {light|dawn,dusk}"],
    )
    collection: str = Field(
        "",
        max_length=COLLECTION_NAME_LIMIT,
        description="Name or id of the collection for rows that name none. It is one you may add videos to.",
    )
    start: bool = Field(True, description="Whether to create the videos now. Otherwise they are only priced.")
    partly: bool = Field(
        False,
        description="Start although a budget has too little left for all: it stops when that is used up, and "
        "can go on later.",
    )


class StartIn(Schema):
    """How to start."""

    partly: bool = Field(False, description="Start although a budget has too little left for all.")


class BatchListIn(Schema):
    """Which batches to list."""

    limit: Annotated[int, WholeNumber] = Field(20, ge=1, le=100, description="How many to return.")
    after: str = Field(
        "", pattern=f"^({PUBLIC_ID_PATTERN})?$", description="Id of the last batch of the page before."
    )


class RowsIn(Schema):
    """Which rows to list."""

    limit: Annotated[int, WholeNumber] = Field(100, ge=1, le=1000, description="How many to return.")
    after: Annotated[int, WholeNumber] = Field(
        0, ge=0, le=2**31 - 1, description="Number of the last row of the page before."
    )


class CountsOut(Schema):
    """How many rows are how far."""

    waiting: int = Field(description="Not created yet, or queued.")
    running: int = Field(description="Being made.")
    done: int = Field(description="Completed.")
    failed: int = Field(description="Failed, or refused before they were created.")
    canceled: int = Field(description="Canceled.")
    gone: int = Field(description="Deleted since.")


class BatchSummaryOut(Schema):
    """A batch, as lists have it."""

    id: str = Field(description="Its id.", examples=["batch_0123456789abcdefghijklmn"])
    object: Literal["batch"] = Field(default="batch", description="Always `batch`.")
    name: str = Field(description="What it is called.")
    status: Status = Field(
        description="`ready`: checked and priced, not started. `awaiting_approval`: it starts once a manager "
        "has approved its price. `stopped`: `problem` says why; it can go on."
    )
    paused: bool = Field(description="Whether nothing more of it is started until it goes on.")
    problem: str | None = Field(description="Why it stopped, in a sentence.")
    rows: int = Field(description="How many rows it has.")
    estimate: str = Field(description=f"The sum of the known prices when it was checked. {_AMOUNT}")
    without_price: int = Field(description="Rows whose price nobody knew then.")
    warnings: list[str] = Field(description="What was strange about the file, in sentences.")
    created_at: int = Field(description=_UNIX_TIME)
    started_at: int | None = Field(description=_UNIX_TIME)
    finished_at: int | None = Field(description=_UNIX_TIME)


class BatchOut(BatchSummaryOut):
    """A batch, and how far it is."""

    counts: CountsOut = Field(description="How many of its rows are how far.")
    needs_decision: int = Field(description="How many of the running ones wait for you to decide.")
    spent: str = Field(description=f"What was charged so far. {_AMOUNT}")
    reserved: str = Field(description=f"What is set aside for videos on their way. {_AMOUNT}")
    approval: ApprovalOut | None = Field(
        description="What it waits for until a manager decides, or what was not approved; else null."
    )
    seconds_left: int | None = Field(description="How long it will take at this pace; null if unknown.")


class BatchPageOut(Schema):
    """A page of batches."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[BatchSummaryOut] = Field(description="The batches, the newest first.")
    has_more: bool = Field(description="Whether there is a next page.")
    next: str | None = Field(description="Pass it as `after` for the next page; null on the last.")


class RowOut(Schema):
    """A row of a batch."""

    number: int = Field(description="From 1, in the order of the file.")
    key: str = Field(description="The key that it was given, or a number sign and its number.")
    status: RowStatus = Field(description="How far it is; `gone`: its video was deleted.")
    video: str | None = Field(description="The id of its video; null while there is none.")
    prompt: str = Field(description="What was asked for.")
    model: str = Field(description="The model.")
    seconds: int = Field(description="The length.")
    size: str = Field(description="WIDTHxHEIGHT.")
    price: str | None = Field(description=f"What it costs; null if nobody knows. {_AMOUNT}")
    error: str | None = Field(description="Why it failed, in a sentence.")


class RowPageOut(Schema):
    """A page of rows."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[RowOut] = Field(description="The rows, in the order of the file.")
    has_more: bool = Field(description="Whether there is a next page.")
    next: int | None = Field(description="Pass it as `after` for the next page; null on the last.")


class BatchDeletedOut(Schema):
    """The end of a batch that never started."""

    id: str = Field(description="The id that it had.")
    object: Literal["batch.deleted"] = Field(default="batch.deleted", description="Always `batch.deleted`.")
    deleted: Literal[True] = Field(default=True, description="Always true.")
