"""A server that cannot extend: the studio asks it for a clip like any other, and joins the two itself."""

from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image

from tests.dialects.conftest import Start, Store
from tests.dialects.server import Dialect
from tests.dialects.servers import FOLLOWED, NewAPI, SGLangCloud
from tests.dialects.steps import files_of
from tests.factories import UserFactory
from tests.media.conftest import write_film
from videos.engine.submit import submit_next
from videos.models import State, Video, VideoModel
from videos.services.derivations import extend_video


def _film(folder: Path, start: int) -> bytes:
    """Four seconds at 24 frames a second, a little brighter with each, that begin at `start`."""

    def paint(index: int, width: int, height: int) -> np.ndarray:
        return np.full((height, width, 3), 20 + start + index, np.uint8)

    path = folder / f"{start}.mp4"
    return write_film(path, size=(64, 36), count=96, paint=paint, audio=False).read_bytes()


@pytest.mark.parametrize("dialect", FOLLOWED)
def test_it_makes_the_whole_film_of_one_more_request(
    start: Start, dialect: type[Dialect], elsewhere: Store, tmp_path: Path
):
    studio = start(dialect)
    model = VideoModel.objects.get(name="sora-2")
    model.backends.set([studio.backend])
    VideoModel.objects.filter(pk=model.pk).update(sizes=["64x36"], seconds=[4])
    owner = UserFactory()
    _hands_out(studio.server, _film(tmp_path, 0), elsewhere)
    source = studio.finish(studio.ask(owner=owner, size="64x36", seconds=4))
    assert source.state == State.COMPLETED
    _hands_out(studio.server, _film(tmp_path, 95), elsewhere)
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


def _hands_out(server: Dialect, film: bytes, elsewhere: Store) -> None:
    server.film = film
    if isinstance(server, NewAPI | SGLangCloud):
        server.address, _ = elsewhere(film)
