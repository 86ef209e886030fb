"""A batch as a page or an API sends it: a file or a table, a template, images, and what all rows share."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.models import User
from videos.capabilities import available_offers
from videos.models import Batch, Video
from videos.services.batch_check import CheckedBatch, check_batch, declared_parameters
from videos.services.batch_encoding import UnreadableTextError, decode_text
from videos.services.batch_file import COLUMNS, SUFFIXES, TABLES, WORKBOOKS, parse_batch
from videos.services.batch_images import UploadedImages, keep_images
from videos.services.batch_record import RowError
from videos.services.batch_table import with_aliases
from videos.services.batch_template import BatchTemplate, Defaults, combinations, read_template
from videos.services.batch_xlsx import read_workbook
from videos.services.batches import batch_name, digest_of, save_batch
from videos.services.collections import find_editable

MAX_EDITABLE = 200_000  # characters of a file that a page shows to be mended in place
_SELECTION_COLUMNS = (
    "prompt",
    "model",
    "seconds",
    "size",
    "reference",
    "last_frame",
    "references",
    "fit",
    "tags",
)


@dataclass(frozen=True)
class BatchInput:
    """What was sent. Of `content`, a file called `file_name`, and `table`, text that was typed or pasted, one
    counts; without both, the `template` stands for all combinations of its values.
    """

    name: str = ""
    content: bytes = b""
    file_name: str = ""
    table: str = ""
    template: str = ""
    archive: BinaryIO | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    override: bool = False

    @property
    def suffix(self) -> str:
        """The kind of the file, or of the text, by how it begins."""
        if self.file_name:
            return PurePath(self.file_name).suffix.lower()
        return ".json" if self.table.lstrip().startswith(("{", "[")) else ".csv"

    @property
    def digest(self) -> str:
        shared = json.dumps([self.template, dict(self.defaults), self.override], sort_keys=True)
        return digest_of(self.content or self.table.encode(), shared.encode())


def check_input(owner: User, sent: BatchInput) -> tuple[CheckedBatch, UploadedImages]:
    """Check every row of what was sent. Returns what was found out, and where the images are.

    Raises `ValidationError` by field (`file`, `template`, `images`, `collection`) for what has no rows to
    check.
    """
    template = _read_template(sent.template)
    content, suffix = _content_of(sent, template)
    defaults = Defaults({name: value for name, value in sent.defaults.items() if value}, sent.override)
    declared = declared_parameters(available_offers())
    images = UploadedImages(owner, sent.archive)
    if name := defaults.values.get("collection"):
        find_editable(owner, name)  # or every row would say that there is none
    return check_batch(owner, parse_batch(content, suffix, declared, template, defaults), images), images


def save_input(
    owner: User, sent: BatchInput, checked: CheckedBatch, images: UploadedImages, *, digest: str = ""
) -> Batch:
    """Keep a batch whose rows are all valid, with its images, by default under the digest of it all.

    Raises as `keep_images` and `save_batch` do.
    """
    kept = keep_images(owner, checked, images)
    return save_batch(
        owner,
        checked,
        name=batch_name(sent.name, sent.file_name),
        digest=digest or sent.digest,
        images=kept,
        content=sent.content or (sent.table or sent.template).encode(),
        file_name=sent.file_name or f"batch{sent.suffix if sent.table else '.txt'}",
    )


def _read_template(text: str) -> BatchTemplate:
    try:
        return read_template(text, with_aliases(COLUMNS)) if text else BatchTemplate()
    except ValidationError as error:
        raise ValidationError({"template": error.messages}) from error


def _content_of(sent: BatchInput, template: BatchTemplate) -> tuple[bytes, str]:
    if sent.content:
        if sent.suffix not in SUFFIXES:
            sentence = gettext("Choose a file that ends in %(endings)s.")
            raise ValidationError({"file": sentence % {"endings": ", ".join(SUFFIXES)}})
        return sent.content, sent.suffix
    if sent.table.strip():
        return sent.table.encode(errors="replace"), sent.suffix
    if not template.text:
        raise ValidationError(
            {"file": gettext("Choose a file, paste a table, or write a template with values.")}
        )
    try:
        rows = combinations(template.text)
    except ValidationError as error:
        raise ValidationError({"template": error.messages}) from error
    # As the columns of a table are called.
    lines = ({name.casefold(): value for name, value in row.items()} for row in rows)
    return "\n".join(json.dumps(line) for line in lines).encode(), ".jsonl"


def editable_text(sent: BatchInput) -> str:
    """Return what was sent as text that can be mended in a page; empty where it is too long or unreadable."""
    if not sent.content:
        return sent.table
    try:
        if sent.suffix in WORKBOOKS:
            rows = list(read_workbook(sent.content, COLUMNS))
            text = _write_csv(row.cells for row in rows if not isinstance(row, RowError))
        else:
            text = decode_text(sent.content, is_spreadsheet=sent.suffix in TABLES).text
    except UnreadableTextError:
        return ""
    return text.replace("\x00", "") if len(text) <= MAX_EDITABLE else ""


def table_of(videos: Iterable[Video]) -> str:
    """Return a table that asks for the same videos again, to be changed and sent."""
    listed = list(videos)
    names = list(dict.fromkeys(name for video in listed for name in video.parameters))
    rows = [[*_SELECTION_COLUMNS, *names]]
    for video in listed:
        images = [video.reference, video.last_frame]
        first, last = (image.public_id if image else "" for image in images)
        others = ";".join(image.public_id for image in video.references)
        tags = ", ".join(tag.name for tag in video.tags.all())
        asked = [video.prompt, video.model, str(video.seconds), video.size, first, last, others]
        values = [str(video.parameters.get(name, "")) for name in names]
        rows.append([*asked, video.reference_fit, tags, *values])
    kept = [index for index in range(len(rows[0])) if any(row[index] for row in rows[1:])]
    return _write_csv([row[index] for index in kept] for row in rows)


def _write_csv(rows: Iterable[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
