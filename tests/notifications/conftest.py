"""Events as the rooms of the studio publish them, and the inbox that they end in."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from contentgen.events import Event, EventKind, publish
from notifications.models import Notification


def tell(user: User, kind: EventKind = EventKind.VIDEO_COMPLETED, object_id: str = "video_1", **data: Any):
    """Publish one event, and return the person's notification that changed last."""
    told = {"path": f"/videos/{object_id}/", "prompt": f"The prompt of {object_id}", **data}
    with transaction.atomic():
        publish(Event(kind, user.pk, object_id, told))
    return Notification.objects.filter(user=user).newest_first().first()


@pytest.fixture(autouse=True)
def with_database(db: None) -> None:
    """All of it is about rows."""
