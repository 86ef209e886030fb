"""Schemas of what the REST API tells of videos."""

from typing import Literal

from ninja import Schema
from pydantic import (
    Field,
)

from videos.api.rest.schemas import Action, Status, VideoKind

_UNIX_TIME = "Unix time, in seconds."


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
    rating: int | None = Field(description="From 1 to 5, as its owner judged it; null without a rating.")
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
