"""The text of a file that a spreadsheet or a program wrote, in whichever encoding."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32-LE"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "UTF-32-BE"),
    (codecs.BOM_UTF16_LE, "UTF-16-LE"),
    (codecs.BOM_UTF16_BE, "UTF-16-BE"),
)
ZIP_MARK = b"PK\x03\x04"  # .xlsx and .ods
_WORKBOOKS = (ZIP_MARK, b"\xd0\xcf\x11\xe0")  # and .xls


class UnreadableTextError(Exception):
    """The file is not text that can be read. The message says why and what to do; `line` counts from 1."""

    def __init__(self, message: str, *, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class DecodedText:
    """A file's text. `is_guess` if its encoding was only guessed, and letters may have been mistaken."""

    text: str
    is_guess: bool = False


def read_bounded(path: Path) -> bytes:
    """Return the file's bytes. Raises OSError, or `UnreadableTextError` for more than `MAX_BATCH_FILE_SIZE`.

    Never reads more than that, whatever `path` is.
    """
    with path.open("rb") as file:
        content = file.read(settings.MAX_BATCH_FILE_SIZE + 1)
    require_bounded(len(content))
    return content


def require_bounded(size: int) -> None:
    """Raise `UnreadableTextError` for a file of more bytes than `MAX_BATCH_FILE_SIZE`."""
    if size > settings.MAX_BATCH_FILE_SIZE:
        sentence = gettext("the file is larger than %(limit)s MB. Split it into several.")
        raise UnreadableTextError(sentence % {"limit": f"{settings.MAX_BATCH_FILE_SIZE / 1048576:.3g}"})


def decode_text(content: bytes, *, is_spreadsheet: bool) -> DecodedText:
    """Return the text in `content`: by its byte order mark, else UTF-8.

    Of a spreadsheet, what is not UTF-8 is read as Windows-1252, as Excel writes it in Western Europe and the
    Americas. Raises `UnreadableTextError`.
    """
    if content.startswith(_WORKBOOKS):
        raise UnreadableTextError(gettext("this is a workbook. Save the sheet as XLSX or CSV UTF-8."))
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return DecodedText(_decode(content.removeprefix(mark), encoding))
    try:
        return DecodedText(_decode(content, "UTF-8"))
    except UnreadableTextError:
        if not is_spreadsheet:
            raise
        try:
            return DecodedText(content.decode("cp1252"), is_guess=True)
        except UnicodeDecodeError:
            pass
        raise


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = gettext("this is not %(encoding)s. Save the file as UTF-8 text.") % {"encoding": encoding}
        raise UnreadableTextError(message, line=line) from error
