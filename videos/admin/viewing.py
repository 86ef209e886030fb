"""A record of who looked at what is another person's."""

from typing import cast

from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.http import HttpRequest

from accounts.models import User
from audit.trail import Subject, record_view
from videos import subjects
from videos.models import Character, ReferenceImage, Video

VIEW = 4  # an action beside Django's addition, change and deletion, which are 1 to 3


def log_viewing(request: HttpRequest, row: Model, what: str) -> None:
    """Write down that the page of `row`, or a file of it, was looked at; not when it is one's own.

    Once an hour for each person, row and `what`, in the audit log and in the row's own history.
    """
    viewer = cast(User, request.user)
    words = f"Viewed {what}."
    if record_view(_subject(row), what=words, by=viewer):
        LogEntry.objects.log_actions(viewer.pk, [row], VIEW, change_message=words)


def _subject(row: Model) -> Subject:
    if isinstance(row, Video):
        return subjects.video(row)
    if isinstance(row, Character):
        return subjects.character(row)
    return subjects.reference(cast(ReferenceImage, row))
