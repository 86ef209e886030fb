"""*Use as first frame*: a frame of a video in the composer, with one click."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.media.errors import DecoderBusyError, NotAVideoError
from videos.media.facts import Reference
from videos.models import ReferenceImage, State, Video
from videos.services import frames

pytestmark = pytest.mark.django_db
STUDIO = reverse("videos:studio")
IN_STUDIO = {**HTMX, "HX-Current-URL": f"http://testserver{STUDIO}"}


@pytest.fixture
def asked(monkeypatch) -> list[float | None]:
    """At which moments frames were taken. The frames themselves are in `tests/media`."""
    moments: list[float | None] = []

    def frame_at(path, seconds, budget):
        moments.append(seconds)
        return Reference(f"frame {seconds}".encode(), "image/jpeg", "jpg", 1280, 720, b"small")

    monkeypatch.setattr(frames, "frame_at", frame_at)
    return moments


@pytest.fixture
def video(alice) -> Video:
    row = VideoFactory(owner=alice, state=State.COMPLETED, prompt="A kite / over dunes", size="720x1280")
    row.file.save("a.mp4", ContentFile(b"film"))
    return row


def url_of(video: Video) -> str:
    return reverse("videos:first_frame", args=[video.public_id])


def test_it_leads_to_the_composer_with_the_image_and_its_shape(as_alice, alice, video, asked):
    response = as_alice.post(url_of(video), {"at": "last"})
    image = ReferenceImage.objects.get(owner=alice)
    query = parse_qs(urlsplit(response.url).query)
    assert (query["reference"], query["size"]) == ([image.public_id], ["720x1280"])
    page = as_alice.get(response.url)
    composer = page.context["composer"]
    assert (composer.form.chosen_reference, composer.size) == (image, "720x1280")
    assert "data-shaped" in page.content.decode()
    assert image.name == "A kite over dunes, last frame"
    assert image.public_id in as_alice.get(reverse("videos:references")).content.decode()


def test_the_studio_gets_it_in_place(as_alice, video, asked):
    response = as_alice.post(url_of(video), {"at": "last"}, headers=IN_STUDIO)
    image = ReferenceImage.objects.get()
    told = json.loads(response["HX-Trigger"])["studio:first-frame"]
    assert (response.status_code, told["id"], told["size"]) == (204, image.public_id, "720x1280")


def test_another_page_is_led_there(as_alice, video, asked):
    response = as_alice.post(url_of(video), headers=HTMX)
    assert response["HX-Redirect"].startswith(f"{STUDIO}?reference=")


def test_the_same_frame_is_the_same_image(as_alice, video, asked):
    for at in ("last", "last", "first", "1.25"):
        as_alice.post(url_of(video), {"at": at})
    assert asked == [None, None, 0.0, 1.25]
    assert ReferenceImage.objects.count() == 3


@pytest.mark.parametrize("at", ["", "x", "-1", "nan", "inf", "1e9", "\x00"])
def test_no_other_moment_is_taken(as_alice, video, asked, at):
    response = as_alice.post(url_of(video), {"at": at}, headers=HTMX)
    assert response.status_code == 422
    assert asked == []


@pytest.mark.parametrize("error", [NotAVideoError("No.", detail="no"), DecoderBusyError(), OSError("gone")])
def test_what_cannot_be_read_is_told(as_alice, video, monkeypatch, error):
    def fail(*_: object) -> Reference:
        raise error

    monkeypatch.setattr(frames, "frame_at", fail)
    response = as_alice.post(url_of(video), headers=HTMX)
    assert (response.status_code, "toast" in response["HX-Trigger"]) == (422, True)
    assert not ReferenceImage.objects.exists()


def test_a_video_without_a_file_has_no_frame(as_alice, alice, asked):
    video = VideoFactory(owner=alice, state=State.QUEUED)
    assert as_alice.post(url_of(video), headers=HTMX).status_code == 422
    assert asked == []


def test_too_large_a_file_is_not_copied_for_it(as_alice, video, asked):
    Video.objects.filter(pk=video.pk).update(byte_count=frames.MAX_BYTES + 1)
    assert as_alice.post(url_of(video), headers=HTMX).status_code == 422
    assert asked == []


def test_who_may_look_gets_an_image_of_their_own(as_carol, carol, video, asked):
    as_carol.post(url_of(video))
    assert ReferenceImage.objects.get().owner == carol


def test_a_stranger_gets_nothing(as_bob, video, asked):
    assert as_bob.post(url_of(video)).status_code == 404
    assert as_bob.get(url_of(video)).status_code == 405
    assert asked == []


def test_each_finished_card_has_the_button_and_no_other(as_alice, alice, video):
    failed = VideoFactory(owner=alice, state=State.FAILED)
    page = as_alice.get(STUDIO).content.decode()
    assert url_of(video) in page
    assert url_of(failed) not in page
