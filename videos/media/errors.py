"""What can be wrong with a file, and with the time or the place to look into it."""

from typing import Literal

BadReferenceCode = Literal[
    "too_large",
    "not_an_image",
    "unsupported_format",
    "damaged",
    "too_many_pixels",
    "too_small",
    "too_complex",
    "busy",
]


# A decoder that watches its own memory, where the system does not, ends with this exit code.
OUT_OF_MEMORY = 86


class NotAVideoError(ValueError):
    """The file is not a video that plays. `str()` is a sentence for people, `detail` a line for operators."""

    def __init__(self, message: str, *, detail: str) -> None:
        super().__init__(message)
        self.detail = detail


class DecoderLimitError(NotAVideoError):
    """Looking into the file would take more memory or time than it may. `str()` says which and how much."""


class DecoderDiedError(NotAVideoError):
    """The decoder ended before it said what it found, such as by a fault of a library."""


class DecoderBusyError(Exception):
    """All decoders were taken for as long as one may wait. Nothing is known of the file; try again later."""


class TranscodingTimeoutError(Exception):
    """Making the copy took longer than it may."""


class BadReferenceError(ValueError):
    """The upload cannot be a reference image. `code` is for programs, `str()` one sentence for people.

    `busy` is not about the image: it may be sent again later.
    """

    def __init__(self, code: BadReferenceCode, message: str) -> None:
        super().__init__(message)
        self.code = code
