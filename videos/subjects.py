"""How entries of the audit log name the studio's things.

A video is named by its id and by what it is, not by its prompt: the log outlives the video, and what it
showed goes with it. The log is in English, whatever the language of the person who did it.
"""

from django.utils.translation import override

from audit.trail import Subject
from audit.vocabulary import Kind
from billing.money import format_money
from videos.formatting import count_of
from videos.models import (
    ApprovalRequest,
    Backend,
    Batch,
    Character,
    Collection,
    PromptTemplate,
    ReferenceImage,
    ShareComment,
    ShareLink,
    Video,
    VideoModel,
)


def video(row: Video) -> Subject:
    return Subject(Kind.VIDEO, row.public_id, f"{row.model}, {row.seconds} s", row.owner_id)


def new_video(row: Video) -> Subject:
    """The video with what it is to cost, for the entry that it was made."""
    price = "" if row.price is None else f", {format_money(row.price)}"
    return Subject(Kind.VIDEO, row.public_id, f"{row.model}, {row.seconds} s{price}", row.owner_id)


def character(row: Character) -> Subject:
    return Subject(Kind.CHARACTER, row.public_id, row.name, row.owner_id)


def reference(row: ReferenceImage) -> Subject:
    with override("en"):
        return Subject(Kind.REFERENCE, row.public_id, str(row), row.owner_id)


def template(row: PromptTemplate) -> Subject:
    return Subject(Kind.TEMPLATE, row.pk, row.title, row.owner_id)


def collection(row: Collection) -> Subject:
    return Subject(Kind.COLLECTION, row.public_id, row.name, row.owner_id)


def share_link(row: ShareLink) -> Subject:
    """The link by what it leads to, never by its address, which opens it. Reads its video or collection."""
    where = f"To {row.video.public_id}" if row.video else f"To the collection “{row.collection}”"
    return Subject(Kind.SHARE_LINK, row.public_id, where, row.owner_id)


def comment(row: ShareComment) -> Subject:
    """The comment by who left it and on which video, not by what it says. Reads its video."""
    return Subject(Kind.COMMENT, row.pk, f"By {row.name} on {row.video.public_id}", row.video.owner_id)


def batch(row: Batch) -> Subject:
    with override("en"):
        label = f"{row.name}, {count_of(row.row_count, 'video')}"
    return Subject(Kind.BATCH, row.public_id, label, row.owner_id)


def approval(row: ApprovalRequest) -> Subject:
    with override("en"):
        label = f"{count_of(row.count, 'video')}, {row.model}, {format_money(row.price)}"
    return Subject(Kind.APPROVAL, row.public_id, label, row.owner_id)


def backend(row: Backend) -> Subject:
    return Subject(Kind.BACKEND, row.pk, row.name)


def model(row: VideoModel) -> Subject:
    return Subject(Kind.MODEL, row.pk, row.name)
