from datetime import timedelta

import av
import numpy as np
import pytest
from django.utils import timezone

from tests.engine.fake import FakeBackend
from tests.engine.restored import dump as dump  # a fixture here too
from tests.factories import BackendFactory
from tests.simulator.conftest import start_simulator as start_simulator  # a fixture here too
from videos.engine import clients
from videos.models import Backend


@pytest.fixture
def backend(db) -> Backend:
    return BackendFactory(max_in_flight=4)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeBackend:
    fake = FakeBackend()
    monkeypatch.setattr(clients, "client_for", lambda backend, hops="", **options: fake)
    return fake


@pytest.fixture(scope="session")
def sample_video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real MP4 of 64x36 pixels and one second."""
    path = tmp_path_factory.mktemp("sample") / "video.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for n in range(8):
            picture = np.full((36, 64, 3), 20 * n, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    return path.read_bytes()


class Clock:
    """The time, as all of the studio reads it; a test moves it on."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock
