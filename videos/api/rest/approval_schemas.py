"""Schemas of requests that wait for a manager's approval."""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

ApprovalStatus = Literal["waiting", "approved", "declined", "withdrawn", "expired", "failed"]


class ApprovalOut(Schema):
    """A request that waits for approval, or waited. Nothing is paid while it does."""

    object: Annotated[Literal["approval"], Field(description="Always `approval`.")] = "approval"
    id: str = Field(description="Its id.", examples=["approval_0123456789abcdef0123456789abcdef"])
    url: str = Field(description="Where its state can be asked for.")
    state: ApprovalStatus = Field(
        description="`failed`: it was approved, and could not be made any more. `problem` says why, nothing"
        " was paid, and it may be asked for again.",
        examples=["waiting"],
    )
    price: str = Field(description="What it costs, and the most that is paid once it is approved.")
    videos: int = Field(description="How many videos it is.", examples=[1])
    requested_at: int = Field(description="Unix time, in seconds.")
    expires_at: int = Field(description="Until when it waits. Unix time, in seconds.")
    note: str = Field(description="The word of whoever decided.")
    problem: str = Field(description="Why it could not be made though it was approved.")
    video_id: str | None = Field(description="The first video that was made; null before.")
