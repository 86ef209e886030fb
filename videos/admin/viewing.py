"""A record of who looked at what is another person's."""

from datetime import timedelta
from typing import cast

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

VIEW = 4  # an action beside Django's addition, change and deletion, which are 1 to 3
_ONE_LOOK = timedelta(hours=1)  # a player asks for many ranges of one file; that is one look


def log_viewing(request: HttpRequest, row: Model, what: str) -> None:
    """Note in the history of `row` that its page, or a file of it, was looked at; not when it is one's own.

    Once an hour for each person and `what`.
    """
    viewer = cast(int, request.user.pk)
    if getattr(row, "owner_id", None) == viewer:
        return
    words = f"Viewed {what}."
    earlier = LogEntry.objects.filter(
        user_id=viewer,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        action_flag=VIEW,
        change_message=words,
        action_time__gt=timezone.now() - _ONE_LOOK,
    )
    if not earlier.exists():
        LogEntry.objects.log_actions(viewer, [row], VIEW, change_message=words)
