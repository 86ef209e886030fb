"""One's reference images: the page, adding, naming, deleting, and starting a video from one of them."""

from pathlib import Path

import pillow_heif
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import Role
from tests.factories import ReferenceImageFactory, VideoFactory
from tests.views.page import GOOD, HTMX, picture, upload
from videos.engine import cleanup
from videos.forms.generate import GenerateForm
from videos.media.reference import open_reference
from videos.models import Backend, ReferenceImage, State, Video
from videos.services.generation_requests import GenerationRequest
from videos.services.references import delete_reference, keep_reference, rename_reference
from videos.services.videos import ValidationError, create_video
from videos.views.references import PAGE_SIZE

pytestmark = pytest.mark.django_db
URL = reverse("videos:references")
STUDIO = reverse("videos:studio")
ADDRESSES = ("reference_name", "reference_delete", "reference_picture", "reference_thumbnail")


def kept(owner, size: tuple[int, int] = (640, 400)) -> ReferenceImage:
    return keep_reference(owner, open_reference(picture(size=size), max_bytes=10**7))


def url_of(image: ReferenceImage, name: str) -> str:
    return reverse(f"videos:{name}", args=[image.public_id])


def shown(response) -> list[ReferenceImage]:
    return list(response.context["images"])


@pytest.fixture
def image(alice) -> ReferenceImage:
    return kept(alice)


# --- The page ----------------------------------------------------------------------------------------------
def test_it_shows_ones_own_last_used_first(as_alice, alice, bob):
    older, newer = kept(alice), kept(alice)
    kept(bob)
    ReferenceImageFactory(owner=alice, deleted_at=timezone.now())
    assert shown(as_alice.get(URL)) == [newer, older]
    create_video(alice, GenerationRequest("A boat", "sora-2", 4, "1280x720", older))
    response = as_alice.get(URL)
    assert shown(response) == [older, newer]
    page = response.content.decode()
    assert "640\u00d7400" in page
    assert f"{STUDIO}?reference={older.public_id}" in page
    assert " style=" not in page


def test_it_counts_the_videos_that_one_sees_and_leads_to_them(as_alice, alice, image):
    backend = Backend.objects.for_environment()
    made = VideoFactory(owner=alice, reference=image, backend=backend, state=State.COMPLETED)
    VideoFactory(owner=alice, backend=backend)
    for gone in ({"trashed_at": timezone.now()}, {"deleted_at": timezone.now()}):
        VideoFactory(owner=alice, reference=image, backend=backend, **gone)
    page = as_alice.get(URL).content.decode()
    assert "1 video<" in page
    link = f"{reverse('videos:library')}?reference={image.public_id}"
    assert link in page
    response = as_alice.get(link)
    assert response.context["videos"] == [made]
    library = response.content.decode()
    assert "Remove filter With one reference image" in library
    assert f'type="hidden" name="reference" value="{image.public_id}"' in library, "other filters keep it"


def test_a_strangers_image_is_no_filter(as_bob, alice, image):
    VideoFactory(owner=alice, reference=image)
    for asked in (image.public_id, "x\x00", "y" * 80):
        assert as_bob.get(reverse("videos:library"), {"reference": asked}).context["videos"] == []


def test_it_goes_on_though_the_last_one_is_gone(as_alice, alice):
    images = [ReferenceImageFactory(owner=alice) for _ in range(PAGE_SIZE + 2)][::-1]
    first = as_alice.get(URL)
    assert shown(first) == images[:PAGE_SIZE]
    delete_reference(images[PAGE_SIZE - 1])
    rest = as_alice.get(first.context["next_url"], headers={**HTMX, "HX-Target": "more"})
    assert shown(rest) == images[PAGE_SIZE:]
    assert "<html" not in rest.content.decode()
    assert rest.context["next_url"] == ""


@pytest.mark.parametrize("below", ["x", "\x00", "9" * 17 + "-a", "9" * 30 + "-a", "1-" + "a" * 65])
def test_a_place_that_makes_no_sense_is_the_first_page(as_alice, image, below):
    assert shown(as_alice.get(URL, {"below": below})) == [image]


def test_it_is_searched_by_name(as_alice, alice, image):
    kept(alice)
    rename_reference(image, "Blue bottle")
    assert shown(as_alice.get(URL, {"q": "bottle BLUE"})) == [image]
    response = as_alice.get(URL, {"q": "nothing\x00"}, headers={**HTMX, "HX-Target": "results"})
    assert shown(response) == []
    assert "No images match “nothing”" in response.content.decode()


def test_the_studio_gets_what_its_dialog_shows(as_alice, image):
    page = as_alice.get(URL, headers={**HTMX, "HX-Target": "picker"}).content.decode()
    assert f'data-reference="{image.public_id}"' in page
    assert "<article" not in page


def test_it_needs_as_many_queries_for_one_as_for_a_page(as_alice, alice, image, django_assert_num_queries):
    as_alice.get(URL)
    with django_assert_num_queries(11) as few:
        as_alice.get(URL)
    for _ in range(PAGE_SIZE + 5):
        VideoFactory(owner=alice, reference=ReferenceImageFactory(owner=alice))
    with django_assert_num_queries(len(few)):
        as_alice.get(URL)


# --- Adding ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_good_files_are_kept_and_bad_ones_told(as_alice, alice, headers):
    files = [
        upload(picture("JPEG", (900, 600)), "a.jpg"),
        upload(b"only text", "<b>.png"),
        upload(picture(), "c.png"),
    ]
    response = as_alice.post(URL, {"images": files}, headers=headers)
    assert response.status_code == 422
    page = response.content.decode()
    assert "&lt;b&gt;.png</strong>: The file is not an image" in page
    assert page.count("</strong>: ") == 1
    assert {(each.width, each.height) for each in ReferenceImage.objects.all()} == {(900, 600), (64, 48)}
    assert set(ReferenceImage.objects.values_list("owner", flat=True)) == {alice.pk}
    assert page.count("<article") == 2


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("Blue bottle.HEIC", "Blue bottle"),
        ("a.b.png", "a.b"),
        ("C:\\photos\\boat.jpg", "boat"),
        ("x" * 200 + ".png", "x" * 80),
        ("\u200b.png", ""),
        ("две  лодки.webp", "две лодки"),
    ],
)
def test_an_image_is_named_as_its_file(as_alice, file_name, name):
    as_alice.post(URL, {"images": [upload(picture(), file_name)]})
    assert ReferenceImage.objects.get().name == name


def test_an_image_that_has_a_name_keeps_it(as_alice, image):
    rename_reference(image, "A boat")
    with image.file.open() as file:
        again = file.read()
    as_alice.post(URL, {"images": [upload(again, "IMG_1234.jpg")]})
    as_alice.post(URL, {"images": [upload(picture(), "IMG_1234.jpg")]})
    assert set(ReferenceImage.objects.values_list("name", flat=True)) >= {"A boat"}


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_picture_from_a_phone_is_taken(as_alice, kind):
    pillow_heif.register_heif_opener()
    as_alice.post(URL, {"images": [upload(picture(kind), f"IMG_0001.{kind}")]})
    image = ReferenceImage.objects.get()
    assert (image.width, image.height, image.content_type) == (64, 48, "image/jpeg")


def test_when_all_are_good_it_goes_back_to_the_page(as_alice):
    response = as_alice.post(URL, {"images": [upload(picture())]}, follow=True)
    assert response.redirect_chain == [(URL, 302)]
    assert "1 image added." in response.content.decode()


def test_nothing_sent_is_told(as_alice):
    response = as_alice.post(URL, {})
    assert response.status_code == 422
    assert "Choose one or more images." in response.content.decode()


def test_more_than_is_taken_at_once_is_told(as_alice, monkeypatch):
    monkeypatch.setattr("videos.views.references.MAX_UPLOADS", 2)
    response = as_alice.post(URL, {"images": [upload(picture()) for _ in range(4)]})
    assert response.status_code == 422
    assert "2 more</strong>: Up to 2 images can be added at once" in response.content.decode()
    assert ReferenceImage.objects.count() == 2


def test_the_thumbnail_is_small_and_has_the_pictures_shape(alice):
    image = kept(alice, (1600, 1000))
    with Image.open(image.thumbnail.path) as small:
        assert (small.format, small.size) == ("WEBP", (480, 300))
    with Image.open(kept(alice, (100, 60)).thumbnail.path) as small:
        assert small.size == (100, 60), "never enlarged"


def test_an_image_from_before_has_its_picture_for_a_thumbnail(as_alice, alice):
    image = ReferenceImageFactory(owner=alice, content_type="image/jpeg")
    image.file.save("old.jpg", ContentFile(b"whole"))
    response = as_alice.get(url_of(image, "reference_thumbnail"))
    assert response["Content-Type"] == "image/jpeg"
    assert response.getvalue() == b"whole"


# --- Naming ------------------------------------------------------------------------------------------------
def test_a_name_is_the_alternative_text(as_alice, image):
    response = as_alice.post(url_of(image, "reference_name"), {"name": "  A  blue bottle "}, headers=HTMX)
    assert 'alt="A blue bottle"' in response.content.decode()
    image.refresh_from_db()
    assert image.name == "A blue bottle"
    assert as_alice.post(url_of(image, "reference_name"), {"name": ""}).url == URL
    image.refresh_from_db()
    assert image.name == ""


@pytest.mark.parametrize("name", ["x" * 81, "a\x00b"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_bad_name_is_told_at_the_field(as_alice, image, name, headers):
    response = as_alice.post(url_of(image, "reference_name"), {"name": name}, headers=headers)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    image.refresh_from_db()
    assert image.name == ""


# --- Deleting ----------------------------------------------------------------------------------------------
def test_an_unused_image_goes_with_its_files(as_alice, image, django_capture_on_commit_callbacks):
    paths = [Path(image.file.path), Path(image.thumbnail.path)]
    assert "Delete this image?" in as_alice.get(url_of(image, "reference_delete")).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert as_alice.post(url_of(image, "reference_delete")).url == URL
    assert not ReferenceImage.objects.exists()
    assert not any(path.exists() for path in paths)
    assert as_alice.post(url_of(image, "reference_delete")).status_code == 404


def test_a_used_image_stays_for_its_videos_until_the_last_is_gone(
    as_alice, alice, image, django_capture_on_commit_callbacks
):
    backend = Backend.objects.for_environment()
    videos = [
        VideoFactory(owner=alice, reference=image, backend=backend, state=State.CANCELED) for _ in range(2)
    ]
    as_alice.post(url_of(image, "reference_delete"), headers=HTMX)
    assert shown(as_alice.get(URL)) == []
    assert as_alice.get(url_of(image, "reference_name")).status_code == 404
    picture_of = reverse("videos:reference", args=[videos[0].public_id])
    assert as_alice.get(picture_of).getvalue() == image.file.read()
    image.file.close()

    path = Path(image.file.path)
    for video, there in zip(videos, (True, False), strict=True):
        Video.objects.filter(pk=video.pk).update(deleted_at=timezone.now())
        with django_capture_on_commit_callbacks(execute=True):
            cleanup.clean_up_video(video.pk)
        assert ReferenceImage.objects.exists() is there
        assert path.exists() is there


def test_an_image_that_was_not_deleted_outlives_its_videos(alice, image):
    video = VideoFactory(
        owner=alice, reference=image, state=State.CANCELED, deleted_at=timezone.now(), delete_job_at=None
    )
    cleanup.clean_up_video(video.pk)
    assert not Video.objects.exists()
    assert ReferenceImage.objects.get() == image


def test_the_same_picture_again_brings_it_back(as_alice, alice):
    content = picture()
    as_alice.post(URL, {"images": [upload(content)]})
    image = ReferenceImage.objects.get()
    rename_reference(image, "A boat")
    VideoFactory(owner=alice, reference=image, backend=Backend.objects.for_environment())
    delete_reference(image)
    as_alice.post(STUDIO, {**GOOD, "input_reference": upload(content)})
    assert shown(as_alice.get(URL)) == [image]
    assert Video.objects.filter(reference=image).count() == 2


def test_strangers_find_nothing(as_bob, as_carol, client, image):
    for stranger in (as_bob, as_carol):
        assert shown(stranger.get(URL)) == []
        for name in ADDRESSES:
            assert stranger.get(url_of(image, name)).status_code == 404, name
        for name in ADDRESSES[:2]:
            assert stranger.post(url_of(image, name), {"name": "Mine"}).status_code == 404, name
    for address in (URL, *(url_of(image, name) for name in ADDRESSES)):
        assert client.get(address).url == f"{reverse('account_login')}?next={address}"
    image.refresh_from_db()
    assert (image.name, image.deleted_at) == ("", None)


def test_there_is_no_other_way_in(as_alice, image):
    assert as_alice.delete(URL).status_code == 405
    for name in ADDRESSES[2:]:
        assert as_alice.post(url_of(image, name)).status_code == 405
    assert ReferenceImage.objects.exists()


# --- Starting from one -------------------------------------------------------------------------------------
def test_a_video_starts_from_an_image_used_before(as_alice, image):
    page = as_alice.get(STUDIO, {"reference": image.public_id}).content.decode()
    assert f'name="reference" value="{image.public_id}"' in page
    assert f'reference__image" src="{url_of(image, "reference_thumbnail")}"' in page
    response = as_alice.post(STUDIO, {**GOOD, "reference": image.public_id, "fit": "pad"}, headers=HTMX)
    video = Video.objects.get()
    assert (video.reference, video.reference_fit) == (image, "pad")
    assert f'name="reference" value="{image.public_id}"' in response.content.decode(), "it stays chosen"


@pytest.mark.parametrize("wrong", ["ref_nobody", "\x00", "a b", "x" * 90, "theirs"])
def test_what_is_not_ones_own_is_refused_and_makes_nothing(as_alice, bob, hints, wrong):
    theirs = kept(bob)
    sent = theirs.public_id if wrong == "theirs" else wrong
    response = as_alice.post(STUDIO, {**GOOD, "reference": sent}, headers=HTMX)
    assert response.status_code == 422
    error = response.content.decode().partition('id="reference-error"')[2].partition("</p>")[0]
    assert error
    assert theirs.public_id not in response.content.decode()
    assert not Video.objects.exists()
    assert hints == []
    assert theirs.public_id not in as_alice.get(STUDIO, {"reference": sent}).content.decode()


def test_a_file_counts_more_than_an_image_used_before(as_alice, image):
    as_alice.post(STUDIO, {**GOOD, "reference": image.public_id, "input_reference": upload(picture())})
    video = Video.objects.get()
    assert video.reference != image
    assert ReferenceImage.objects.count() == 2


def test_a_model_without_images_takes_none_used_before(as_alice, image):
    Backend.objects.for_environment()
    Backend.objects.update(takes_reference=False)
    response = as_alice.post(STUDIO, {**GOOD, "reference": image.public_id})
    assert response.status_code == 422
    assert "does not support reference images" in response.content.decode()
    assert not Video.objects.exists()


def test_other_mistakes_leave_it_chosen(as_alice, image):
    response = as_alice.post(STUDIO, {**GOOD, "prompt": "", "reference": image.public_id})
    assert response.status_code == 422
    assert f'name="reference" value="{image.public_id}"' in response.content.decode()


def test_an_image_deleted_meanwhile_makes_nothing(alice, image):
    generation_request = GenerationRequest("A boat", "sora-2", 4, "1280x720", image)
    delete_reference(image)
    with pytest.raises(ValidationError, match="just deleted"):
        create_video(alice, generation_request)
    assert not Video.objects.exists()


def test_an_image_deleted_after_it_was_checked_is_a_mistake_like_others(alice, image):
    Backend.objects.for_environment()
    form = GenerateForm({**GOOD, "reference": image.public_id}, owner=alice)
    assert form.is_valid()
    ReferenceImage.objects.all().delete()
    assert form.create_videos(form.images) is None
    assert "just deleted" in form.errors["reference"][0]
    assert not Video.objects.exists()


def test_another_like_it_has_its_image_though_that_was_deleted(as_alice, alice, image):
    video = VideoFactory(owner=alice, reference=image, reference_fit="pad")
    delete_reference(image)
    page = as_alice.get(STUDIO, {"like": video.public_id}).content.decode()
    assert f'name="reference" value="{image.public_id}"' in page
    assert 'name="fit" value="pad" checked' in page
    part = as_alice.get(STUDIO, {"like": video.public_id}, headers=HTMX).content.decode()
    assert image.public_id in part
    assert "hx-preserve" not in part, "the image chosen in the page gives way"
    assert image.public_id not in as_alice.get(STUDIO, {"prompt_of": video.public_id}).content.decode()
    as_alice.post(STUDIO, {**GOOD, "reference": image.public_id})
    assert shown(as_alice.get(URL)) == [image], "used again, it is kept again"


def test_each_image_can_be_described_where_prompt_help_can_see(as_alice, alice, settings):
    image = kept(alice)
    address = f'href="{STUDIO}?reference={image.public_id}" data-describe="{image.public_id}"'
    assert "data-describe" not in as_alice.get(URL).content.decode()
    settings.PROMPT_HELP_URL, settings.PROMPT_HELP_MODEL = "https://chat.example.org/v1", "m-1"
    assert "data-describe" not in as_alice.get(URL).content.decode(), "it cannot see"
    settings.PROMPT_HELP_VISION = True
    page = as_alice.get(URL).content.decode()
    assert address in page
    assert "Sent to chat.example.org when you press it" in page
    type(alice).objects.filter(pk=alice.pk).update(role=Role.VIEWER)
    assert "data-describe" not in as_alice.get(URL).content.decode()
