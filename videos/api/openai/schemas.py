"""What the Videos API takes and answers, for its OpenAPI file alone: `requests` reads, `responses` writes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from videos.models.video_model import MAX_REFERENCES
from videos.services.generation_requests import MAX_CHARACTERS, MAX_PROMPT_LENGTH

_UNIX_TIME = "Unix time, in seconds."

Prompt = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_PROMPT_LENGTH,
        description="What the video is to show.",
        examples=["A paper boat on a rainy street"],
    ),
]
_LENGTH = {"anyOf": [{"type": "string", "pattern": "^[1-9][0-9]{0,4}$"}, {"type": "integer", "minimum": 1}]}
Seconds = Annotated[str, WithJsonSchema({**_LENGTH, "examples": ["4"]})]
File = Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})]


class ImageUrl(BaseModel):
    """A reference image as text."""

    image_url: str = Field(
        description="The image as a `data:` URL in base64. Nothing is fetched from elsewhere.",
        examples=["data:image/png;base64,iVBORw0KGgo="],
    )


class ObjectId(BaseModel):
    """Something of yours, by its id."""

    id: str = Field(description="The id that the studio gave it.", examples=["video_2k7c0s5pq9v1"])


class _Settings(BaseModel):
    """Beyond these fields come the parameters that the model takes, such as `seed`: those that the studio's
    own API lists. Any other that would change what is made or paid is refused by name.
    """

    model_config = ConfigDict(extra="allow")

    prompt: Prompt
    model: str | None = Field(
        None, description="One of `/v1/models`; by default DEFAULT_MODEL.", examples=["sora-2"]
    )
    seconds: Seconds | None = Field(
        None, description="A length that the model offers, as text or number; by default DEFAULT_SECONDS."
    )
    size: str | None = Field(
        None, description="WIDTHxHEIGHT in pixels; by default DEFAULT_SIZE.", examples=["1280x720"]
    )


class CreateVideo(_Settings):
    """A video, asked for as JSON. What is left out, or null, is the studio's own default."""

    input_reference: ImageUrl | None = Field(None, description="An image that the video starts from.")
    last_frame: ImageUrl | None = Field(
        None, description="Beyond the protocol: an image that the video ends with. It needs a first one."
    )
    input_references: list[ImageUrl] | None = Field(
        None, max_length=MAX_REFERENCES, description="Beyond the protocol: further images to follow."
    )
    characters: list[ObjectId] | None = Field(
        None, max_length=MAX_CHARACTERS, description="Characters of yours that appear in it."
    )


class CreateVideoForm(_Settings):
    """A video, asked for as a form, which may bring the image as a file."""

    input_reference: File | None = Field(
        None, description="A JPEG, PNG or WebP image that the video starts from; it is cropped to the size."
    )
    last_frame: File | None = Field(
        None, description="Beyond the protocol: an image that the video ends with, cropped as the first one."
    )
    input_references: list[File] | None = Field(
        None, max_length=MAX_REFERENCES, description="Beyond the protocol: further images to follow."
    )


class RemixVideo(BaseModel):
    """A variation of a completed video."""

    prompt: Prompt


class EditVideo(BaseModel):
    """A change to a completed video."""

    prompt: Prompt
    video: ObjectId = Field(description="The video to change.")


class EditVideoForm(BaseModel):
    """A change to an uploaded clip, which joins the library first."""

    prompt: Prompt
    video: File = Field(description="The clip to change.")


class ExtendVideo(EditVideo):
    """A continuation of a completed video from its end."""

    seconds: Seconds = Field(description="How many seconds to add.")


class ExtendVideoForm(EditVideoForm):
    """A continuation of an uploaded clip, which joins the library first."""

    seconds: Seconds = Field(description="How many seconds to add.")


class CreateCharacter(BaseModel):
    """A character made of a completed video."""

    name: str = Field(min_length=1, max_length=80, description="What to call it.", examples=["Ada"])
    video: ObjectId = Field(description="The video to take it from.")


class CreateCharacterForm(BaseModel):
    """A character made of an uploaded clip."""

    name: str = Field(min_length=1, max_length=80, description="What to call it.", examples=["Ada"])
    video: File = Field(description="The clip to take it from.")


class VideoError(BaseModel):
    """Why a video failed."""

    code: str = Field(description="For programs; `canceled` if it was canceled.", examples=["canceled"])
    message: str = Field(description="For people.", examples=["This video was canceled."])


class Video(BaseModel):
    """A video, from the request to the file."""

    id: str = Field(description="Its id.", examples=["video_2k7c0s5pq9v1"])
    object: Literal["video"] = Field(description="Always `video`.")
    model: str = Field(description="The model that makes it.", examples=["sora-2"])
    status: Literal["queued", "in_progress", "completed", "failed"] = Field(description="Where it stands.")
    progress: int = Field(ge=0, le=100, description="Percent.")
    created_at: int = Field(description=_UNIX_TIME)
    completed_at: int | None = Field(description=f"{_UNIX_TIME} Null until it is completed.")
    expires_at: int | None = Field(description="Always null: videos do not expire.")
    prompt: str = Field(description="What it is to show.")
    size: str = Field(description="WIDTHxHEIGHT in pixels.", examples=["1280x720"])
    seconds: str = Field(description="Its length, with an extension's source.", examples=["4"])
    remixed_from_video_id: str | None = Field(description="The video that it is a remix of.")
    error: VideoError | None = Field(description="Why it failed; otherwise null.")
    seed: int | None = Field(
        None,
        description="Beyond the protocol: the seed of its picture. Left out where the model takes none.",
        examples=[7],
    )
    awaits_decision: bool = Field(
        False, description="Beyond the protocol: it waits until its owner decides on its page. Left out else."
    )


class VideoList(BaseModel):
    """A page of videos."""

    object: Literal["list"] = Field(description="Always `list`.")
    data: list[Video] = Field(description="The videos, in the requested order.")
    first_id: str | None = Field(description="The id of the first one.")
    last_id: str | None = Field(description="The id of the last one: the `after` of the next page.")
    has_more: bool = Field(description="Whether there is a next page.")


class VideoDeleted(BaseModel):
    """The end of a video."""

    id: str = Field(description="The id that it had.")
    object: Literal["video.deleted"] = Field(description="Always `video.deleted`.")
    deleted: Literal[True] = Field(description="Always true.")


class Character(BaseModel):
    """A figure that can appear in videos."""

    id: str = Field(description="Its id.", examples=["char_8d1f0a6b3c2e"])
    object: Literal["character"] = Field(description="Always `character`.")
    name: str = Field(description="What it is called.", examples=["Ada"])
    created_at: int = Field(description=_UNIX_TIME)


class Model(BaseModel):
    """A model that is offered now."""

    id: str = Field(description="Its name.", examples=["sora-2"])
    object: Literal["model"] = Field(description="Always `model`.")
    created: int = Field(description="Always 0: it is not known.")
    owned_by: str = Field(description="The backend that serves it.")


class ModelList(BaseModel):
    """The models that are offered now."""

    object: Literal["list"] = Field(description="Always `list`.")
    data: list[Model] = Field(description="The models, the first one first.")


class ErrorBody(BaseModel):
    """What is wrong with a request."""

    type: str = Field(description="The kind of error.", examples=["invalid_request_error"])
    code: str = Field(description="For programs.", examples=["unknown_parameter"])
    message: str = Field(description="For people.", examples=["Unknown parameter: 'num_frames'."])
    param: str | None = Field(description="The field at fault.", examples=["num_frames"])


class ErrorAnswer(BaseModel):
    """The one shape of every error."""

    error: ErrorBody = Field(description="What is wrong.")
