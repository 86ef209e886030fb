"""The error that says a file is no video."""


class NotAVideoError(ValueError):
    """The file is not a video that plays. `str()` is a sentence for people, `detail` a line for operators."""

    def __init__(self, message: str, *, detail: str) -> None:
        super().__init__(message)
        self.detail = detail
