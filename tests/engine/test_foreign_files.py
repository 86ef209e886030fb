"""Files that other programs made, as they are: delivered by a backend, and chosen as a reference."""

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from videos.engine.store import store
from videos.models import Backend, ReferenceImage, State

pytestmark = pytest.mark.django_db

FILES = Path(__file__).parents[1] / "media" / "files"


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("hevc.mp4", "HEVC", "MP4"),
        ("hevc10.mp4", "HEVC 10-bit", "MP4"),
        ("prores.mov", "ProRes", "QuickTime"),
    ],
)
def test_a_delivered_file_is_stored_as_it_came_with_a_copy_that_plays(
    alice, as_alice, backend: Backend, fake: FakeBackend, name: str, codec: str, container: str
):
    content = (FILES / name).read_bytes()
    with av.open(str(FILES / name)) as original:
        width, height = original.streams.video[0].width, original.streams.video[0].height
    video = VideoFactory(owner=alice, backend=backend, state=State.STORING, size=f"{width}x{height}")
    fake.content = [content]

    store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.codec, video.container) == (State.COMPLETED, codec, container)
    assert video.sha256 == hashlib.sha256(content).hexdigest()
    assert video.file.read() == content
    video.file.close()
    with video.browser_file.open() as file, av.open(file) as copy:
        stream = copy.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert codec in as_alice.get(video.get_absolute_url()).content.decode()


def test_a_photo_of_a_telephone_is_taken_upright_and_named_after_its_file(as_alice):
    upload = SimpleUploadedFile("iphone.heic", (FILES / "iphone.heic").read_bytes(), "image/heic")

    as_alice.post("/references/", {"images": [upload]})

    image = ReferenceImage.objects.get()
    assert image.name == "iphone"
    with image.file.open() as file, Image.open(file) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert (image.width, image.height) == (pixels.shape[1], pixels.shape[0])
    corners = pixels[100, 100], pixels[100, -100], pixels[-100, 100]
    for corner, colour in zip(corners, [(255, 0, 0), (0, 255, 0), (0, 0, 255)], strict=True):
        assert np.abs(corner - colour).max() < 16
