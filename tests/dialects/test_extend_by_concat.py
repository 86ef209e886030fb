"""A server that cannot extend is asked for a clip like any other, and the studio joins the two."""

from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image

from tests.dialects.conftest import Start, StartStorage
from tests.dialects.server import Dialect
from tests.dialects.servers import PROTOCOL_DIALECTS, NewAPI, SGLangCloud
from tests.dialects.studio import files_of
from tests.factories import UserFactory
from tests.media.conftest import write_video
from videos.engine.submit import submit_next
from videos.models import State, Video, VideoModel
from videos.services.derivations import extend_video


def _brightening_mp4(folder: Path, start: int) -> bytes:
    """Return four seconds at 24 frames per second, each frame a little brighter, beginning at `start`."""

    def paint(index: int, width: int, height: int) -> np.ndarray:
        return np.full((height, width, 3), 20 + start + index, np.uint8)

    path = folder / f"{start}.mp4"
    return write_video(path, size=(64, 36), count=96, paint=paint, audio=False).read_bytes()


@pytest.mark.parametrize("dialect", PROTOCOL_DIALECTS)
def test_it_makes_the_whole_video_of_one_more_request(
    start: Start, dialect: type[Dialect], start_storage: StartStorage, tmp_path: Path
):
    studio = start(dialect)
    model = VideoModel.objects.get(name="sora-2")
    model.backends.set([studio.backend])
    VideoModel.objects.filter(pk=model.pk).update(sizes=["64x36"], seconds=[4])
    owner = UserFactory()
    _serve_file(studio.server, _brightening_mp4(tmp_path, 0), start_storage)
    source = studio.finish(studio.create(owner=owner, size="64x36", seconds=4))
    assert source.state == State.COMPLETED
    _serve_file(studio.server, _brightening_mp4(tmp_path, 95), start_storage)
    studio.server.jobs.clear()
    asked = len(studio.server.creates)

    video = extend_video(owner, source, "On it goes", 4)
    assert submit_next(studio.backend.pk)
    video = studio.finish(Video.objects.get(pk=video.pk))

    (created,) = studio.server.creates[asked:]
    assert created.path == "/v1/videos", "there is no /extensions here, and it was not tried"
    assert {name: created.fields[name] for name in ("prompt", "seconds", "size")} == {
        "prompt": "On it goes",
        "seconds": "4",
        "size": "64x36",
    }
    with Image.open(BytesIO(created.fields["input_reference"])) as image:
        assert image.size == (64, 36)
        assert np.asarray(image).mean() == pytest.approx(20 + 95, abs=3)
    assert (video.state, video.error_code, video.total_seconds) == (State.COMPLETED, "", 8)
    with default_storage.open(video.file.name) as file, av.open(file) as container:
        frames = list(container.decode(video=0))
    greys = [float(frame.to_ndarray(format="rgb24").mean()) for frame in frames]
    assert greys == pytest.approx([20 + n for n in range(96 + 95)], abs=3)
    assert frames[-1].time == pytest.approx(190 / 24, abs=0.001)
    assert video.duration == pytest.approx(8, abs=0.05)
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"]
    assert len(studio.server.creates) == asked + 1


def _serve_file(server: Dialect, mp4: bytes, start_storage: StartStorage) -> None:
    server.mp4 = mp4
    if isinstance(server, NewAPI | SGLangCloud):
        server.address, _ = start_storage(mp4)
