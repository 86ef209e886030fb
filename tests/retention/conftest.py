"""What the tests of keeping share: a clock, old videos, and what people were told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from notifications.models import Notification
from tests.batches.conftest import check as check  # a fixture here too
from tests.batches.conftest import save as save  # a fixture here too
from tests.batches.conftest import work as work  # a fixture here too
from tests.billing.conftest import paid as paid  # a fixture here too
from tests.engine.conftest import backend as backend  # a fixture here too
from tests.engine.conftest import clock as clock  # a fixture here too
from tests.engine.conftest import fake as fake  # a fixture here too
from tests.engine.conftest import sample_video as sample_video  # a fixture here too
from tests.factories import VideoFactory
from videos.models import Backend, State, Video

DAY = 86_400


@pytest.fixture
def old(alice: User, backend: Backend) -> Callable[..., Video]:
    """Make a video of alice's that was finished so many days ago."""

    def make(days: float = 40, **fields: Any) -> Video:
        finished = timezone.now() - timedelta(days=days)
        given = {"owner": alice, "backend": backend, "state": State.COMPLETED, **fields}
        return VideoFactory(finished_at=finished, **given)

    return make


def told(user: User, kind: str) -> list[Notification]:
    return list(Notification.objects.filter(user=user, kind=kind))


def reload(video: Video) -> Video:
    video.refresh_from_db()
    return video
