"""What the tests of queues share: a backend with room, what it was sent, who is claimed when."""

from collections.abc import Callable

import pytest

from tests.billing.conftest import paid as paid  # a fixture here too
from tests.engine.conftest import Clock
from tests.engine.conftest import clock as clock
from tests.engine.conftest import fake as fake
from tests.factories import BackendFactory
from videos.engine import dispatch
from videos.models import Backend

__all__ = ["Clock"]


@pytest.fixture
def backend(db) -> Backend:
    return BackendFactory(name="GPU box", max_in_flight=100)


@pytest.fixture
def claimed(backend: Backend) -> Callable[[], list[int]]:
    """Claim all that may start at the backend, as a worker does, and return the videos in that order."""
    return lambda: [claim.video_id for claim in iter(lambda: dispatch.claim_next(backend.pk), None)]
