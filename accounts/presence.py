"""When people were last here: on a page, or through one of their API tokens."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import User

PRECISION = timedelta(minutes=1)  # how old what is kept may be: each note is a write


def note_seen(user_id: int) -> None:
    """Note that the person is here. One statement, which writes once a minute."""
    now = timezone.now()
    outdated = Q(last_seen_at=None) | Q(last_seen_at__lt=now - PRECISION)
    User.objects.filter(outdated, pk=user_id).update(last_seen_at=now)
