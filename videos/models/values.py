"""Values that the lifecycle writes into several columns of a video at once."""

from dataclasses import dataclass

from videos.validation import storable_text

DETAIL_LIMIT = 4000  # characters kept for operators


@dataclass(frozen=True)
class Reason:
    """Why something went wrong: a code for programs, a sentence for people, detail for operators."""

    code: str
    message: str
    detail: str = ""

    def as_fields(self) -> dict[str, str]:
        """Return the columns of a video that hold it, cut to what they can store."""
        return {
            "error_code": storable_text(self.code, 100),
            "error_message": storable_text(self.message, DETAIL_LIMIT),
            "error_detail": storable_text(self.detail, DETAIL_LIMIT),
        }


NO_REASON = Reason("", "")


@dataclass(frozen=True)
class StoredFiles:
    """The files of a finished video: their names in Django storage, and what was measured in them."""

    file: str
    byte_count: int
    sha256: str
    width: int
    height: int
    duration: float
    poster: str = ""
    scrub_sheet: str = ""
    scrub_frames: int = 0
    scrub_columns: int = 0
    container: str = ""
    codec: str = ""
    browser_file: str = ""
    browser_byte_count: int | None = None
    browser_sha256: str = ""
    picture_bytes: int = 0  # of poster and scrub sheet together
