"""How entries of the audit log name the studio's things.

A video is named by its id and by what it is, not by its prompt: the log outlives the video, and what it
showed goes with it.
"""

from audit.trail import Subject
from audit.vocabulary import Kind
from billing.money import format_money
from videos.models import Backend, Character, PromptTemplate, ReferenceImage, Video, VideoModel


def video(row: Video) -> Subject:
    return Subject(Kind.VIDEO, row.public_id, f"{row.model}, {row.seconds} s", row.owner_id)


def new_video(row: Video) -> Subject:
    """The video with what it is to cost, for the entry that it was made."""
    price = "" if row.price is None else f", {format_money(row.price)}"
    return Subject(Kind.VIDEO, row.public_id, f"{row.model}, {row.seconds} s{price}", row.owner_id)


def character(row: Character) -> Subject:
    return Subject(Kind.CHARACTER, row.public_id, row.name, row.owner_id)


def reference(row: ReferenceImage) -> Subject:
    return Subject(Kind.REFERENCE, row.public_id, str(row), row.owner_id)


def template(row: PromptTemplate) -> Subject:
    return Subject(Kind.TEMPLATE, row.pk, row.title, row.owner_id)


def backend(row: Backend) -> Subject:
    return Subject(Kind.BACKEND, row.pk, row.name)


def model(row: VideoModel) -> Subject:
    return Subject(Kind.MODEL, row.pk, row.name)
