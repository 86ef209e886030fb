"""The images that a submission sends: frames fitted to the size, references as they are kept."""

from io import BytesIO

import pytest
from PIL import Image

from accounts.models import User
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from tests.views.page import picture
from videos.engine.submit import submit_next
from videos.media.reference import open_reference
from videos.models import Backend, ReferenceImage, State, Video, VideoReference
from videos.services.references import keep_reference

pytestmark = pytest.mark.django_db


@pytest.fixture
def images(alice: User) -> list[ReferenceImage]:
    sizes = [(64, 48), (48, 64), (90, 40), (40, 90)]
    return [keep_reference(alice, open_reference(picture(size=each), max_bytes=10**7)) for each in sizes]


def _queued(backend: Backend, alice: User, images: list[ReferenceImage]) -> Video:
    first, last, *others = images
    video = VideoFactory(backend=backend, owner=alice, size="128x72", reference=first, last_frame=last)
    for position, image in enumerate(others, start=1):
        VideoReference.objects.create(video=video, image=image, position=position)
    return video


def _size(content: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(content)) as image:
        return image.size


def test_frames_have_the_videos_size_and_references_their_own(
    backend: Backend, fake: FakeBackend, alice: User, images: list[ReferenceImage]
):
    _queued(backend, alice, images)

    assert submit_next(backend.pk)

    (asked,) = fake.created
    assert [_size(asked[name].content) for name in ("reference", "last_frame")] == [(128, 72)] * 2
    assert asked["reference"].content != asked["last_frame"].content
    assert [_size(each.content) for each in asked["references"]] == [(90, 40), (40, 90)]
    names = [asked["reference"].name, asked["last_frame"].name, *(each.name for each in asked["references"])]
    assert names == ["reference.jpg", "last-frame.jpg", "reference-1.jpg", "reference-2.jpg"]


@pytest.mark.parametrize("place", [1, 2])
def test_an_image_that_is_gone_fails_the_video_before_anything_is_paid(
    backend: Backend, fake: FakeBackend, alice: User, images: list[ReferenceImage], place: int
):
    video = _queued(backend, alice, images)
    images[place].file.storage.delete(images[place].file.name)

    assert submit_next(backend.pk)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.FAILED, "bad_reference")
    assert fake.created == []
