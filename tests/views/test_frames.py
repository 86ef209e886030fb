"""The composer's last frame and references, and every page that shows or carries them on."""

import json
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse

from tests.factories import ReferenceImageFactory, VideoFactory
from tests.views.page import GOOD, HTMX, picture, upload
from tests.views.test_references import kept, url_of
from tests.views.test_zip_export import download, stored_video
from videos.models import Backend, ReferenceImage, State, Video, VideoModel, VideoReference
from videos.services.generation_requests import GenerationRequest
from videos.services.images import RequestImages
from videos.services.videos import create_video_with_images

pytestmark = pytest.mark.django_db
URL = reverse("videos:studio")
LIBRARY = reverse("videos:library")
ZONES = {"last-frame": "Last frame", "references": "References"}


@pytest.fixture(autouse=True)
def simulator(db) -> Backend:
    return Backend.objects.for_environment()


@pytest.fixture
def images(alice) -> list[ReferenceImage]:
    return [kept(alice, size=(640, 400 + 10 * number)) for number in range(4)]


def _made(alice, images: list[ReferenceImage]) -> Video:
    first, last, *others = images
    request = GenerationRequest("A boat", "sora-2", 4, "1280x720")
    return create_video_with_images(alice, request, RequestImages(first, last, tuple(others)))


def _error(page: str, name: str) -> str:
    return page.partition(f'id="{name}-error"')[2].partition("</p>")[0]


def _files(**more: Any) -> dict[str, Any]:
    return {"input_reference": upload(picture()), "input_last_frame": upload(picture(), "end.png"), **more}


# --- The form ----------------------------------------------------------------------------------------------
def test_it_takes_a_last_frame_and_several_references(as_alice, alice):
    references = [upload(picture(), "ada.png"), upload(picture(), "bob.png")]

    response = as_alice.post(URL, {**GOOD, "takes": "2", **_files(input_references=references)})

    assert response.status_code == 302
    for video in Video.objects.all():
        assert video.last_frame.name == "end"
        assert [image.name for image in video.references] == ["ada", "bob"]
    assert ReferenceImage.objects.filter(owner=alice).count() == 4


def test_it_takes_ones_own_images_in_the_order_of_the_form(as_alice, images):
    first, last, *others = images
    chosen = {"reference": first.public_id, "last_frame": last.public_id}
    ids = [image.public_id for image in reversed(others)]

    as_alice.post(
        URL, {**GOOD, **chosen, "references": ids, "input_references": upload(picture(), "new.png")}
    )

    video = Video.objects.get()
    assert (video.reference, video.last_frame) == (first, last)
    assert video.references == [*reversed(others), ReferenceImage.objects.get(name="new")]


@pytest.mark.parametrize(
    ("sent", "zone", "sentence"),
    [
        (lambda: {"input_last_frame": upload(picture())}, "last-frame", "needs a first frame"),
        (lambda: {"input_references": [upload(picture()) for _ in range(4)]}, "references", "at most 3"),
        (lambda: {"input_references": [upload(picture()) for _ in range(11)]}, "references", "at most 10"),
        (lambda: _files(input_last_frame=upload(b"no picture")), "last-frame", "not an image"),
        (lambda: {"input_references": [upload(picture()), upload(b"no")]}, "references", "not an image"),
        (
            lambda: {"last_frame": "ref_nobody", "input_reference": upload(picture())},
            "last-frame",
            "no longer",
        ),
        (lambda: {"references": ["ref_nobody"]}, "references", "no longer exists"),
    ],
)
def test_what_will_not_do_is_told_at_its_zone_and_keeps_nothing(as_alice, hints, sent, zone, sentence):
    response = as_alice.post(URL, {**GOOD, **sent()}, headers=HTMX)

    assert response.status_code == 422
    error = _error(response.content.decode(), zone)
    assert sentence in error
    assert f"<strong>{ZONES[zone]}:</strong>" in error
    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()
    assert hints == []


def test_images_that_a_model_does_not_take_stay_in_the_page(as_alice):
    VideoModel.objects.filter(name="sora-2").update(takes_last_frame=False, max_references=0)

    page = as_alice.post(URL, {**GOOD, **_files(input_references=[upload(picture())])}, headers=HTMX)

    assert page.status_code == 422
    assert "does not take a last frame" in _error(page.content.decode(), "last-frame")
    assert "does not take further references" in _error(page.content.decode(), "references")
    assert "hx-preserve" in page.content.decode()
    assert not ReferenceImage.objects.exists()


def test_a_bad_file_is_not_kept_in_the_page(as_alice):
    page = as_alice.post(URL, {**GOOD, **_files(input_last_frame=upload(b"no"))}, headers=HTMX)
    assert "hx-preserve" not in page.content.decode()
    assert not _error(page.content.decode(), "reference")


@pytest.mark.parametrize("name", ["reference", "last_frame", "references"])
def test_anothers_image_is_none(as_alice, bob, name):
    theirs = kept(bob)
    frame = {} if name == "reference" else {"input_reference": upload(picture())}
    response = as_alice.post(URL, {**GOOD, **frame, name: theirs.public_id}, headers=HTMX)
    assert response.status_code == 422
    assert theirs.public_id not in response.content.decode()
    assert not Video.objects.exists()


def test_the_page_knows_what_each_model_takes(as_alice):
    VideoModel.objects.filter(name="sora-2-pro").update(takes_last_frame=False, max_references=1)
    row = as_alice.get(URL).context["composer"].row
    limits = {offer.model.name: json.loads(offer.image_limits) for offer in row}
    assert limits["sora-2"] == {"label": "Sora 2", "reference": 1, "last_frame": 1, "references": 3}
    assert (limits["sora-2-pro"]["last_frame"], limits["sora-2-pro"]["references"]) == (0, 1)


def test_zones_of_what_the_chosen_model_does_not_take_are_hidden(as_alice):
    """They are there, because a script shows them when another model is chosen."""
    VideoModel.objects.filter(name="sora-2").update(takes_last_frame=False, max_references=0)
    page = as_alice.get(URL).content.decode()
    for zone in ("last-frame", "references"):
        assert f'aria-labelledby="{zone}-title" hidden' in page
    page = as_alice.get(URL, {"model": "sora-2-pro"}).content.decode()
    assert 'aria-labelledby="last-frame-title" hidden' not in page


def test_a_body_of_several_images_is_taken(as_alice, settings):
    settings.MAX_FILE_SIZE = 40_000
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    files = [upload(picture(size=(110, 100))) for _ in range(3)]
    assert 70_000 < sum(each.size for each in files) < 3 * 40_000
    assert as_alice.post(URL, {**GOOD, "input_references": files}).status_code == 302


# --- Carried on --------------------------------------------------------------------------------------------
def test_another_like_it_has_all_its_images(as_alice, alice, images):
    video = _made(alice, images)
    first, last, *others = images

    page = as_alice.get(URL, {"like": video.public_id}).content.decode()

    assert f'name="reference" value="{first.public_id}"' in page
    assert f'name="last_frame" value="{last.public_id}"' in page
    places = [page.index(f'name="references" value="{image.public_id}"') for image in others]
    assert places == sorted(places)


def test_writing_a_template_out_as_text_keeps_them(as_alice, images):
    _, last, other, _ = images
    sent = {**GOOD, "as_text": "1", "last_frame": last.public_id, "references": [other.public_id]}
    page = as_alice.post(URL, sent, headers=HTMX).content.decode()
    assert f'name="last_frame" value="{last.public_id}"' in page
    assert f'name="references" value="{other.public_id}"' in page


def test_the_videos_page_shows_them_to_its_owner_alone(as_alice, as_bob, alice, images):
    video = _made(alice, images)
    page = as_alice.get(video.get_absolute_url()).content.decode()
    for image in images[1:]:
        assert url_of(image, "reference_thumbnail") in page
        for name in ("reference_thumbnail", "reference_picture"):
            assert b"".join(as_alice.get(url_of(image, name)).streaming_content)
            assert as_bob.get(url_of(image, name)).status_code == 404


def test_the_library_of_images_counts_and_finds_videos_by_any_role(as_alice, alice, images):
    made = _made(alice, images)
    page = as_alice.get(reverse("videos:references"))
    assert {image.video_count for image in page.context["images"]} == {1}
    VideoFactory(owner=alice)
    for image in images:
        assert list(as_alice.get(LIBRARY, {"reference": image.public_id}).context["videos"]) == [made]


def test_a_comparison_names_the_images_that_differ(as_alice, alice):
    ada, bob = (ReferenceImageFactory(owner=alice, name=name) for name in ("Ada", "Bob"))
    one, other = (VideoFactory(owner=alice, state=State.COMPLETED, reference=ada) for _ in range(2))
    VideoReference.objects.create(video=one, image=bob, position=1)
    Video.objects.filter(pk=other.pk).update(last_frame=bob)
    query = QueryDict(mutable=True)
    query.setlist("id", [one.public_id, other.public_id])

    rows = as_alice.get(f"{reverse('videos:compare')}?{query.urlencode()}").context["rows"]

    told = {row.label: row.values for row in rows}
    assert told["Last frame"] == ["None", "Bob"]
    assert told["References"] == ["Bob", "None"]
    assert "First frame" not in told


def test_a_sidecar_describes_them(as_alice, alice, images):
    first, last, other, _ = images
    video = stored_video(alice, "A boat", reference=first, last_frame=last, reference_fit="pad")
    VideoReference.objects.create(video=video, image=other, position=1)

    archive = download(as_alice, video)

    (name,) = (each for each in archive.namelist() if each.endswith(".json"))
    told = json.loads(archive.read(name))
    assert (told["reference"]["sha256"], told["reference"]["fit"]) == (first.sha256, "pad")
    assert (told["last_frame"]["sha256"], told["last_frame"]["fit"]) == (last.sha256, "pad")
    assert [each["sha256"] for each in told["references"]] == [other.sha256]
