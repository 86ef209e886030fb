"""Schemas of the webhooks that the studio sends."""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from contentgen.events import EventKind
from videos.api.rest.schemas import BodyIn, WholeNumber
from videos.validation import PUBLIC_ID_PATTERN
from webhooks.destinations import MAX_URL
from webhooks.endpoints import MAX_DESCRIPTION

_UNIX_TIME = "Unix time, in seconds."
_END_OF_TIME = 253_402_300_799  # of the year 9999, beyond which Python has no dates

Url = Annotated[
    str,
    Field(
        max_length=MAX_URL,
        description="Where to send: https, on the internet, unless the studio's settings allow more.",
        examples=["https://hooks.example.org/contentgen"],
    ),
]
Kinds = Annotated[
    list[EventKind],
    Field(
        min_length=1,
        max_length=50,
        description="The kinds of events to tell of.",
        examples=[["video.completed", "video.failed"]],
    ),
]
Description = Annotated[
    str, Field(max_length=MAX_DESCRIPTION, description="What it is for.", examples=["Slack"])
]


class WebhookIn(BodyIn):
    """A new webhook."""

    url: Url
    kinds: Kinds
    description: Description = ""
    studio_wide: bool = Field(
        False, description="Everybody's events, not only yours. For managers, for as long as they are."
    )


class WebhookChangeIn(BodyIn):
    """What to change. A field that is left out, or null, stays as it is."""

    url: Url | None = Field(None, description="Where to send.")
    kinds: Kinds | None = Field(None, description="The kinds of events to tell of.")
    description: Description | None = Field(None, description="What it is for.")
    state: Literal["active", "paused"] | None = Field(
        None,
        description="`paused` holds what is to be sent; events are kept. `active` goes on, also where the "
        "studio had disabled it.",
    )


class WebhookOut(Schema):
    """A webhook."""

    id: str = Field(description="Its id.", examples=["hook_2k7c0s5pq9v1"])
    object: Literal["webhook"] = Field(default="webhook", description="Always `webhook`.")
    url: str = Field(description="Where it leads.")
    kinds: list[str] = Field(description="The kinds of events that it tells of.")
    description: str = Field(description="What it is for.")
    studio_wide: bool = Field(description="Whether it tells of everybody's events.")
    state: Literal["active", "paused", "disabled"] = Field(
        description="`disabled`: the studio gave up on the receiver, and keeps no events for it."
    )
    problem: str = Field(description="Why the studio disabled it; empty otherwise.")
    failing_since: int | None = Field(description=f"Since when each attempt failed. {_UNIX_TIME}")
    delivered_at: int | None = Field(description=f"When something was delivered last. {_UNIX_TIME}")
    created_at: int = Field(description=f"When it was created. {_UNIX_TIME}")


class WebhookWithSecretOut(WebhookOut):
    """A webhook with the secret that signs what it sends, which no other answer has."""

    secret: str = Field(description="For the library that verifies signatures.", examples=["whsec_…"])


class WebhooksOut(Schema):
    """All your webhooks."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[WebhookOut] = Field(description="The webhooks, the oldest first.")


class WebhookDeletedOut(Schema):
    """The end of a webhook."""

    id: str = Field(description="The id that it had.")
    object: Literal["webhook.deleted"] = Field(
        default="webhook.deleted", description="Always `webhook.deleted`."
    )
    deleted: Literal[True] = Field(default=True, description="Always true.")


class DeliveryOut(Schema):
    """One event on its way to one webhook, as far as the last attempt went."""

    id: str = Field(description="Its id.", examples=["dlv_2k7c0s5pq9v1"])
    object: Literal["webhook.delivery"] = Field(
        default="webhook.delivery", description="Always `webhook.delivery`."
    )
    message_id: str = Field(description="The header `webhook-id`, the same in each attempt.")
    kind: str = Field(description="The kind of the event.", examples=["video.completed"])
    state: Literal["pending", "delivered", "failed"] = Field(description="What became of it.")
    attempts: int = Field(description="How many attempts were made, since it was sent or resent.")
    response_status: int | None = Field(description="The HTTP status of the receiver's answer.")
    response_body: str = Field(description="How the answer began.")
    error: str = Field(description="Why it was not delivered, for people.")
    duration_ms: int | None = Field(description="How long the last attempt took, in milliseconds.")
    created_at: int = Field(description=f"When the event happened. {_UNIX_TIME}")
    attempted_at: int | None = Field(description=f"When it was tried last. {_UNIX_TIME}")
    next_attempt_at: int | None = Field(description=f"When it is tried next, if it is. {_UNIX_TIME}")


class DeliveriesOut(Schema):
    """A page of the log."""

    object: Literal["list"] = Field(default="list", description="Always `list`.")
    data: list[DeliveryOut] = Field(description="The deliveries, the newest first.")
    has_more: bool = Field(description="Whether there is a next page.")
    next: str | None = Field(description="Pass it as `after` for the next page; null on the last.")


class DeliveriesIn(Schema):
    """Which deliveries to list."""

    limit: Annotated[int, WholeNumber] = Field(20, ge=1, le=100, description="How many to return.")
    after: str = Field(
        "", pattern=f"^({PUBLIC_ID_PATTERN})?$", description="Id of the last delivery of the page before."
    )
    state: Literal["pending", "delivered", "failed"] | None = Field(
        None, description="Only deliveries of this state."
    )


class ResendIn(BodyIn):
    """Which failed deliveries to send again."""

    since: int = Field(
        ge=0, le=_END_OF_TIME, description=f"Those created from then on. {_UNIX_TIME}", examples=[1766000000]
    )


class ResentOut(Schema):
    """How many are on their way again."""

    object: Literal["webhook.resent"] = Field(
        default="webhook.resent", description="Always `webhook.resent`."
    )
    count: int = Field(description="How many failed deliveries were queued again.")
