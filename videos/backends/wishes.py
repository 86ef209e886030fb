"""What is sent to ask for a video, in the shapes that servers read."""

from base64 import b64encode
from dataclasses import dataclass

import openai

from .errors import Refused

File = tuple[str, bytes, str]

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
class Wish:
    """A video that is wanted. `seconds` is the clip's length, `size` is WIDTHxHEIGHT in pixels."""

    prompt: str
    model: str
    seconds: int
    size: str
    reference: ReferenceFile | None = None

    def check(self) -> None:
        """Raise `Refused` (`bad_text`) when a text holds what UTF-8 cannot, such as half a surrogate pair."""
        name = self.reference.name if self.reference else ""
        try:
            "".join((self.prompt, self.model, self.size, name)).encode()
        except UnicodeEncodeError as error:
            raise Refused("The prompt has characters that cannot be sent.", code="bad_text") from error

    def form(self) -> dict[str, object]:
        """The fields of the protocol's multipart form, the file aside."""
        return {"prompt": self.prompt, "model": self.model, "seconds": str(self.seconds), "size": self.size}

    def files(self) -> list[tuple[str, File]] | None:
        """The file of the multipart form."""
        if self.reference is None:
            return None
        file = self.reference.name, self.reference.content, self.reference.content_type
        return [("input_reference", file)]

    def json(self) -> dict[str, object]:
        """The protocol's JSON: the length is a string, the reference an object with a data URL."""
        image = {"input_reference": {"image_url": self.reference.data_url}} if self.reference else {}
        return self.form() | image

    def plain_json(self) -> dict[str, object]:
        """NVIDIA Dynamo's JSON (its videos.rs): the length a number, the reference a bare URL.

        The video is asked for inside the reply, because the address it gives otherwise may be a path on its
        own disk.
        """
        image = {"input_reference": self.reference.data_url} if self.reference else {}
        return self.form() | {"seconds": self.seconds, "response_format": "b64_json"} | image


def wants_plain_json(error: openai.APIStatusError) -> bool:
    """Whether the server could not read the protocol's JSON for its types: then it has accepted nothing."""
    return error.status_code in {400, 422} and WRONG_TYPE in error.response.content
