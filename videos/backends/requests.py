"""What is sent to ask for a video or a character, in the shapes that servers read."""

from base64 import b64encode
from dataclasses import dataclass
from typing import BinaryIO, Protocol
from urllib.parse import quote

import openai

from videos.backends.errors import Refused

File = tuple[str, bytes | BinaryIO, str]

# How serde, which every server written in Rust reads JSON with, begins to say that a field has another type.
WRONG_TYPE = b"invalid type"


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """The image a video starts from, as it is uploaded."""

    name: str
    content: bytes
    content_type: str

    @property
    def data_url(self) -> str:
        return f"data:{self.content_type};base64,{b64encode(self.content).decode()}"


@dataclass(frozen=True, slots=True)
class ClipFile:
    """An MP4 as it is uploaded: a binary file that is open, read piece by piece while it is sent."""

    name: str
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Body:
    """What a POST carries: `fields` as JSON, or as a form when `files` is a list, be it empty."""

    fields: dict[str, object]
    files: list[tuple[str, File]] | None = None


class ApiRequest(Protocol):
    """Anything that is asked for with one POST."""

    @property
    def path(self) -> str: ...

    @property
    def source_id(self) -> str:
        """The id of the job it is made from; empty when there is none, or its file is sent instead."""

    def check(self) -> None:
        """Raise `Refused` (`bad_text`) when a text holds what UTF-8 cannot, such as half a surrogate pair."""

    def body(self, *, json_only: bool) -> Body:
        """What is sent; `json_only` to a server that reads no forms."""


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """A video that is wanted. `seconds` is the clip's length, `size` is WIDTHxHEIGHT in pixels, `characters`
    are ids that this backend gave.
    """

    prompt: str
    model: str
    seconds: int
    size: str
    reference: ReferenceFile | None = None
    characters: tuple[str, ...] = ()

    path = "/videos"
    source_id = ""

    def check(self) -> None:
        name = self.reference.name if self.reference else ""
        _check_text(self.prompt, self.model, self.size, name, *self.characters)

    def body(self, *, json_only: bool) -> Body:
        # Characters stand in no SDK, and the vendor's guide showed them in JSON alone; how a form is to hold
        # a list of objects, servers do not agree on.
        if json_only or self.characters:
            return Body(self._json())
        file = self.reference and (self.reference.name, self.reference.content, self.reference.content_type)
        return Body(self._form(), [("input_reference", file)] if file else [])

    def plain_json(self) -> dict[str, object]:
        """NVIDIA Dynamo's JSON (its videos.rs): the length a number, the reference a bare URL.

        The video is asked for inside the reply, because the address it gives otherwise may be a path on its
        own disk.
        """
        image = {"input_reference": self.reference.data_url} if self.reference else {}
        return self._json() | {"seconds": self.seconds, "response_format": "b64_json"} | image

    def _form(self) -> dict[str, object]:
        return {"prompt": self.prompt, "model": self.model, "seconds": str(self.seconds), "size": self.size}

    def _json(self) -> dict[str, object]:
        """The protocol's JSON: the length is a string, the reference an object with a data URL."""
        fields = self._form()
        if self.reference:
            fields["input_reference"] = {"image_url": self.reference.data_url}
        if self.characters:
            fields["characters"] = [{"id": character} for character in self.characters]
        return fields


@dataclass(frozen=True, slots=True)
class RemixRequest:
    """A variation of the finished job `source_id`."""

    prompt: str
    source_id: str

    @property
    def path(self) -> str:
        return job_path(self.source_id) + "/remix"

    def check(self) -> None:
        _check_text(self.prompt)

    def body(self, *, json_only: bool) -> Body:
        return Body({"prompt": self.prompt})


@dataclass(frozen=True, slots=True)
class DerivedRequest:
    """A change of a video, or with `seconds` so much more of it. `source` is a job's id or the file."""

    prompt: str
    source: str | ClipFile
    seconds: int | None = None

    @property
    def path(self) -> str:
        return "/videos/edits" if self.seconds is None else "/videos/extensions"

    @property
    def source_id(self) -> str:
        return self.source if isinstance(self.source, str) else ""

    def check(self) -> None:
        _check_text(self.prompt, self.source if isinstance(self.source, str) else self.source.name)

    def body(self, *, json_only: bool) -> Body:
        length: dict[str, object] = {} if self.seconds is None else {"seconds": str(self.seconds)}
        fields = {"prompt": self.prompt} | length
        if isinstance(self.source, str):
            # The SDK's own methods crash on this, and its forms have no agreed shape for an object.
            return Body(fields | {"video": {"id": self.source}})
        return Body(fields, _upload(self.source, json_only=json_only))


@dataclass(frozen=True, slots=True)
class CharacterRequest:
    """A character that is to be made of a clip."""

    name: str
    clip: ClipFile

    path = "/videos/characters"
    source_id = ""

    def check(self) -> None:
        _check_text(self.name, self.clip.name)

    def body(self, *, json_only: bool) -> Body:
        return Body({"name": self.name}, _upload(self.clip, json_only=json_only))


def job_path(job_id: str) -> str:
    """The path of a job. Raises `Refused` (`not_found`) for what can be no job's id."""
    # The whole id becomes one segment of the path, "/" included. Dots alone would survive quoting and climb.
    if job_id.strip() in {"", ".", ".."} or not job_id.isprintable():
        raise Refused("That is no id of a job.", code="not_found")
    return "/videos/" + quote(job_id, safe="=")


def wants_plain_json(error: openai.APIStatusError) -> bool:
    """Whether the server could not read the protocol's JSON for its types: then it has accepted nothing."""
    return error.status_code in {400, 422} and WRONG_TYPE in error.response.content


def _upload(clip: ClipFile, *, json_only: bool) -> list[tuple[str, File]]:
    if json_only:
        raise Refused(
            "This backend is sent JSON, and the protocol knows no JSON that holds a video.",
            code="unsupported",
        )
    return [("video", (clip.name, clip.file, "video/mp4"))]


def _check_text(*texts: str) -> None:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        raise Refused("The prompt has characters that cannot be sent.", code="bad_text") from error
