"""Requests for a video or a character, in the shapes that Videos API servers read."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol
from urllib.parse import quote

from videos.backends.errors import RefusedError
from videos.backends.parameters import ParameterValue, form_values
from videos.containers import container_of

File = tuple[str, bytes | BinaryIO, str]  # name, content, content type

# How serde, which every server written in Rust reads JSON with, begins to say that a field has another type.
SERDE_WRONG_TYPE = b"invalid type"


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """An image that a video is made with, as it is uploaded: file name, encoded bytes, content type."""

    name: str
    content: bytes
    content_type: str

    @property
    def data_url(self) -> str:
        """The image as a `data:` URL."""
        return f"data:{self.content_type};base64,{b64encode(self.content).decode()}"


@dataclass(frozen=True, slots=True)
class ClipFile:
    """An MP4 as it is uploaded: its name, and the open binary file, which is read piece by piece."""

    name: str
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a POST: `fields` as JSON, or as a form when `files` is a list, even an empty one."""

    fields: dict[str, object]
    files: list[tuple[str, File]] | None = None


class ApiRequest(Protocol):
    """A request that is made with one POST."""

    @property
    def path(self) -> str:
        """The path below the base URL, beginning with a slash."""

    @property
    def source_id(self) -> str:
        """The id of the job it is made from; empty when there is none, or its file is sent instead."""

    def check(self) -> None:
        """Raise `RefusedError` (`bad_text`) when a text cannot be encoded in UTF-8: half a surrogate pair."""

    def body(self, *, json_only: bool) -> Body:
        """Return the body; with `json_only` the one for a server that reads no forms.

        Raises `RefusedError` (`unsupported`) when JSON cannot hold it.
        """


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """A new video.

    `seconds` is its length, `size` is WIDTHxHEIGHT in pixels, `characters` are ids that this backend gave.
    `reference` is its first frame, `last_frame` its last; `references` are further images to follow.
    `parameters` are the values of the model's parameters, by name.
    """

    prompt: str
    model: str
    seconds: int
    size: str
    reference: ReferenceFile | None = None
    characters: tuple[str, ...] = ()
    last_frame: ReferenceFile | None = None
    references: tuple[ReferenceFile, ...] = ()
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)

    path = "/videos"
    source_id = ""

    @property
    def has_further_images(self) -> bool:
        """Whether it has images beside its first frame, which the protocol itself does not know."""
        return self.last_frame is not None or bool(self.references)

    def check(self) -> None:
        images = [each for each in (self.reference, self.last_frame, *self.references) if each]
        names = [image.name for image in images]
        texts = [value for value in self.parameters.values() if isinstance(value, str)]
        _check_text(self.prompt, self.model, self.size, *names, *self.characters, *texts)

    def body(self, *, json_only: bool) -> Body:
        # No SDK knows characters, and the vendor's guide showed them in JSON alone; servers do not agree on
        # how a form holds a list of objects.
        if json_only or self.characters:
            return Body(self._json_fields())
        return Body(form_values(self.parameters) | self._form_fields(), self._image_files())

    def dynamo_json(self) -> dict[str, object]:
        """Return the JSON that NVIDIA Dynamo reads (its videos.rs).

        The length is a number and the reference a bare URL. The video is asked for inside the response,
        because the address that it gives otherwise may be a path on its own disk. Raises `RefusedError`
        (`unsupported`) for images beside the first frame: it would leave them out without a word.
        """
        if self.has_further_images:
            raise RefusedError("This backend takes no image but a first frame.", code="unsupported")
        image = {"input_reference": self.reference.data_url} if self.reference else {}
        return self._json_fields() | {"seconds": self.seconds, "response_format": "b64_json"} | image

    def _image_files(self) -> list[tuple[str, File]]:
        named = [("input_reference", self.reference), ("last_frame", self.last_frame)]
        named += [("input_references", image) for image in self.references]
        return [(name, (each.name, each.content, each.content_type)) for name, each in named if each]

    def _form_fields(self) -> dict[str, object]:
        return {"prompt": self.prompt, "model": self.model, "seconds": str(self.seconds), "size": self.size}

    def _json_fields(self) -> dict[str, object]:
        """Return the protocol's JSON: the length is a string, the reference an object with a data URL.

        Parameters are fields beside the protocol's, as vLLM-Omni and SGLang read them; none can replace one.
        """
        fields = {**self.parameters, **self._form_fields()}
        if self.reference:
            fields["input_reference"] = {"image_url": self.reference.data_url}
        if self.last_frame:
            fields["last_frame"] = {"image_url": self.last_frame.data_url}
        if self.references:
            fields["input_references"] = [{"image_url": image.data_url} for image in self.references]
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
    """An edit of a video or, with `seconds`, an extension by so much. `source` is a job's id or a file."""

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
        return Body(fields, _video_upload(self.source, json_only=json_only))


@dataclass(frozen=True, slots=True)
class CharacterRequest:
    """A character made from a clip. `name` has 1 to 80 characters."""

    name: str
    clip: ClipFile

    path = "/videos/characters"
    source_id = ""

    def check(self) -> None:
        _check_text(self.name, self.clip.name)

    def body(self, *, json_only: bool) -> Body:
        return Body({"name": self.name}, _video_upload(self.clip, json_only=json_only))


def job_path(job_id: str) -> str:
    """Return the path of a job. Raises `RefusedError` (`not_found`) for what cannot be a job's id."""
    # The whole id becomes one segment of the path, "/" included. Dots alone would survive quoting and climb.
    if job_id.strip() in {"", ".", ".."} or not job_id.isprintable():
        raise RefusedError("That is no id of a job.", code="not_found")
    return "/videos/" + quote(job_id, safe="=")


def wants_dynamo_json(status: int, content: bytes) -> bool:
    """Whether a response says that the server could not read the types of the protocol's JSON.

    Such a server has accepted nothing. `status` is the HTTP status, `content` the response's body.
    """
    return status in {400, 422} and SERDE_WRONG_TYPE in content


def _video_upload(clip: ClipFile, *, json_only: bool) -> list[tuple[str, File]]:
    if json_only:
        raise RefusedError(
            "This backend is sent JSON, and the protocol knows no JSON that holds a video.",
            code="unsupported",
        )
    return [("video", (clip.name, clip.file, container_of(clip.name).content_type))]


def _check_text(*texts: str) -> None:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        raise RefusedError("The prompt has characters that cannot be sent.", code="bad_text") from error
