"""Characters: the list, making one, following it, its clip, and deleting it."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import BackendFactory, VideoFactory
from tests.views.page import HTMX
from videos.models import Backend, Character, State, Video, VideoModel
from videos.services.characters import delete_character

pytestmark = pytest.mark.django_db
URL = reverse("videos:characters")
CLIP = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 8


@pytest.fixture
def simulator(db) -> Backend:
    return Backend.objects.for_environment()


@pytest.fixture
def character(alice: User, simulator: Backend) -> Character:
    """One of alice's that is ready."""
    return made(alice, simulator, backend_character_id="char_1", due_at=None)


@pytest.fixture
def video(alice: User, simulator: Backend) -> Video:
    video = VideoFactory(owner=alice, state=State.COMPLETED, backend=simulator)
    video.file.save("video.mp4", ContentFile(CLIP))
    return video


def made(owner: User, backend: Backend, name: str = "Mara", **fields: object) -> Character:
    character = Character(owner=owner, backend=backend, name=name, **fields)
    character.file.save("clip.mp4", ContentFile(CLIP), save=False)
    character.save()
    return character


def upload(content: bytes = CLIP) -> SimpleUploadedFile:
    return SimpleUploadedFile("mara.mp4", content, content_type="video/mp4")


def delete_url(character: Character) -> str:
    return reverse("videos:character_delete", args=[character.public_id])


def clip_url(character: Character) -> str:
    return reverse("videos:character_clip", args=[character.public_id])


def from_url(video: Video) -> str:
    return reverse("videos:character_from_video", args=[video.public_id])


def without_characters(name: str = "Box") -> Backend:
    backend = BackendFactory(name=name)
    backend.models.set(VideoModel.objects.all())
    return backend


# --- The list ----------------------------------------------------------------------------------------------
def test_it_lists_ones_own_with_their_state(as_alice, alice, bob, simulator):
    made(alice, simulator, "Ready one", backend_character_id="char_1", due_at=None)
    made(alice, simulator, "New one")
    made(alice, simulator, "Bad one", due_at=None, error_message="No face was found.")
    made(alice, simulator, "Gone", deleted_at=timezone.now(), due_at=None)
    made(bob, simulator, "A secret")
    response = as_alice.get(URL)
    page = response.content.decode()
    assert [each.name for each in response.context["characters"]] == ["Bad one", "New one", "Ready one"]
    bad, new, ready = page.split('<li class="character"')[1:4]
    assert "Failed" in bad
    assert "No face was found." in bad
    assert "Creating" in new
    assert ">Ready<" in ready
    assert "Simulator, <time" in ready
    assert "secret" not in page
    assert " style=" not in page


def test_it_asks_again_only_while_one_is_being_made(as_alice, alice, simulator, character):
    assert 'hx-trigger="every 3s"' not in as_alice.get(URL).content.decode()
    made(alice, simulator)
    assert 'hx-trigger="every 3s"' in as_alice.get(URL).content.decode()


def test_htmx_gets_those_that_are_settled(as_alice, alice, simulator, character):
    waiting = made(alice, simulator, "Slow one")
    answer = as_alice.get(URL, {"pending": [waiting.public_id]}, headers=HTMX)
    assert answer.status_code == 204
    assert "HX-Request" in answer["Vary"]

    other = made(alice, simulator, "Quick one", backend_character_id="char_2", due_at=None)
    news = as_alice.get(URL, {"pending": [waiting.public_id, other.public_id]}, headers=HTMX)
    page = news.content.decode()
    assert news.status_code == 200
    assert "Quick one" in page
    assert 'hx-swap-oob="true"' in page
    assert "Slow one" not in page
    assert "Mara" not in page
    assert "<html" not in page


def test_htmx_stops_asking_when_nothing_is_pending(as_alice, alice, bob, simulator, character):
    strange = made(bob, simulator, "A secret")
    gone = made(alice, simulator, "Gone", deleted_at=timezone.now(), due_at=None)
    asked = [character.public_id, strange.public_id, gone.public_id, "\x00", "<b>", ""]
    last = as_alice.get(URL, {"pending": asked}, headers=HTMX)
    page = last.content.decode()
    assert last.status_code == 286
    assert "Mara" in page
    assert "secret" not in page
    for public_id in (strange.public_id, gone.public_id):
        assert f'<li id="{public_id}" hx-swap-oob="delete">' in page
    assert "<b>" not in page
    assert as_alice.get(URL, headers=HTMX).status_code == 286


def test_it_needs_as_many_queries_for_one_as_for_many(as_alice, alice, character, django_assert_num_queries):
    with django_assert_num_queries(10) as few:
        as_alice.get(URL)
    for number in range(10):
        made(alice, character.backend, f"C{number}")
    with django_assert_num_queries(len(few)):
        as_alice.get(URL)


def test_the_way_to_it_is_there_where_it_leads_somewhere(as_alice, alice, simulator):
    library = reverse("videos:library")
    link = f'href="{URL}"'
    assert link in as_alice.get(library).content.decode()
    without_characters()
    assert link not in as_alice.get(library).content.decode()
    page = as_alice.get(URL).content.decode()
    assert "No enabled backend supports characters" in page
    assert "<form id" not in page
    one = made(alice, simulator)
    assert link in as_alice.get(library).content.decode()
    delete_character(one)
    assert link not in as_alice.get(library).content.decode()


# --- From an upload ----------------------------------------------------------------------------------------
def test_it_makes_one_of_a_clip(as_alice, alice, simulator, hints, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = as_alice.post(URL, {"name": " Mara ", "video": upload()})
    assert response.url == URL
    character = Character.objects.get()
    assert (character.owner, character.name, character.backend) == (alice, "Mara", simulator)
    assert character.is_pending
    assert Path(character.file.path).read_bytes() == CLIP
    assert hints == [("create_character", character.pk)]
    assert "Creating" in as_alice.get(URL).content.decode()


def test_htmx_is_led_to_the_list(as_alice, simulator):
    response = as_alice.post(URL, {"name": "Mara", "video": upload()}, headers=HTMX)
    assert response["HX-Redirect"] == URL
    assert Character.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"video": ""}, "video"),
        ({"video": b""}, "video"),
        ({"video": b"this is only text"}, "video"),
        ({"video": CLIP + bytes(2000)}, "video"),
        ({"backend": "x"}, "backend"),
        ({"backend": "999"}, "backend"),
        ({"backend": "9" * 5000}, "backend"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_bad_input_is_told_at_the_field(as_alice, simulator, settings, hints, change, field, headers):
    settings.MAX_CHARACTER_CLIP_SIZE = len(CLIP) + 1000
    data = {"name": "Mara", "video": CLIP, **change}
    data["video"] = upload(data["video"]) if isinstance(data["video"], bytes) else data["video"]
    response = as_alice.post(URL, data, headers=headers)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert f'id="{field}-error"' in response.content.decode()
    assert ("<html" in response.content.decode()) is not bool(headers)
    assert not Character.objects.exists()
    assert hints == []


def test_a_clip_from_a_phone_is_kept_as_it_came(as_alice, simulator):
    mov = b"\x00\x00\x00\x14ftypqt  " + bytes(range(256)) * 8
    as_alice.post(URL, {"name": "Mara", "video": SimpleUploadedFile("IMG_1.MOV", mov)})
    character = Character.objects.get()
    assert character.file.name.endswith(".mov")
    with character.file.open() as file:
        assert file.read() == mov
    response = as_alice.get(clip_url(character))
    assert response["Content-Type"] == "video/quicktime"
    response.close()


def test_a_clip_may_be_larger_than_an_image(as_alice, simulator, settings):
    settings.MAX_FILE_SIZE = 100
    settings.MAX_CHARACTER_CLIP_SIZE = len(CLIP)
    as_alice.post(URL, {"name": "Mara", "video": upload()})
    assert Character.objects.get().file.size == len(CLIP)


def test_a_good_clip_stays_chosen_when_something_else_is_wrong(as_alice, simulator):
    page = as_alice.post(URL, {"name": "", "video": upload()}, headers=HTMX).content.decode()
    assert "hx-preserve" in page
    page = as_alice.post(URL, {"name": "Mara", "video": upload(b"text")}, headers=HTMX).content.decode()
    assert "hx-preserve" not in page
    assert 'value="Mara"' in page


def test_the_backend_is_asked_for_only_where_there_are_several(as_alice, simulator):
    assert 'name="backend"' not in as_alice.get(URL).content.decode()
    one, other = (without_characters(name) for name in ("Box one", "Box two"))
    Backend.objects.filter(pk__in=[one.pk, other.pk]).update(can_characters=True)
    page = as_alice.get(URL).content.decode()
    assert 'name="backend"' in page
    assert "Box two</option>" in page
    data = {"name": "Mara", "video": upload()}
    assert as_alice.post(URL, data).status_code == 422
    as_alice.post(URL, {"name": "Mara", "video": upload(), "backend": str(other.pk)})
    assert Character.objects.get().backend == other
    page = as_alice.post(URL, {"name": "", "video": upload(), "backend": str(other.pk)}).content.decode()
    assert f'value="{other.pk}" selected' in page


def test_without_a_backend_for_them_nothing_is_made(as_alice, simulator):
    without_characters()
    response = as_alice.post(URL, {"name": "Mara", "video": upload()})
    assert response.status_code == 422
    assert not Character.objects.exists()


# --- From a video ------------------------------------------------------------------------------------------
def test_it_makes_one_of_a_finished_video(as_alice, alice, video):
    page = as_alice.get(from_url(video)).content.decode()
    assert "Create character from video" in page
    assert as_alice.post(from_url(video), {"name": "Mara"}).url == URL
    character = Character.objects.get()
    assert (character.owner, character.name, character.backend) == (alice, "Mara", video.backend)
    assert Path(character.file.path).read_bytes() == CLIP
    response = as_alice.post(from_url(video), {"name": "Nils"}, headers=HTMX)
    assert response["HX-Redirect"] == URL


@pytest.mark.parametrize("name", ["", "x" * 81, "a\x00b"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_bad_name_is_told(as_alice, video, name, headers):
    response = as_alice.post(from_url(video), {"name": name}, headers=headers)
    assert response.status_code == 422
    assert 'id="name-error"' in response.content.decode()
    assert ("<html" in response.content.decode()) is not bool(headers)
    assert not Character.objects.exists()


def test_a_file_that_is_lost_is_told(as_alice, video):
    Path(video.file.path).unlink()
    response = as_alice.post(from_url(video), {"name": "Mara"})
    assert response.status_code == 422
    assert "file is missing" in response.content.decode()
    assert not Character.objects.exists()


@pytest.mark.parametrize("why", ["in flight", "no characters there"])
def test_what_cannot_become_one_says_why(as_alice, alice, video, why):
    if why == "in flight":
        video, words = (
            VideoFactory(owner=alice, backend=video.backend),
            "only be created from a completed video",
        )
    else:
        words = "Simulator does not support characters."
        Backend.objects.update(can_characters=False)
    for response in (as_alice.get(from_url(video)), as_alice.post(from_url(video), {"name": "Mara"})):
        assert response.status_code == 409
        assert words in response.content.decode()
        assert f'href="{video.get_absolute_url()}"' in response.content.decode()
    assert as_alice.post(from_url(video), headers=HTMX)["HX-Redirect"] == from_url(video)
    assert not Character.objects.exists()


# --- The clip ----------------------------------------------------------------------------------------------
def test_its_clip_plays_with_ranges(as_alice, character):
    whole = as_alice.get(clip_url(character))
    assert whole["Content-Type"] == "video/mp4"
    assert b"".join(whole.streaming_content) == CLIP
    part = as_alice.get(clip_url(character), headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert b"".join(part.streaming_content) == CLIP[100:200]


def test_a_clip_that_is_lost_is_not_there(as_alice, character):
    Path(character.file.path).unlink()
    assert as_alice.get(clip_url(character)).status_code == 404


# --- Deleting ----------------------------------------------------------------------------------------------
def test_it_asks_before_it_deletes(as_alice, character):
    page = as_alice.get(delete_url(character)).content.decode()
    assert "Delete <bdi>Mara</bdi>?" in page
    character.refresh_from_db()
    assert character.deleted_at is None


def test_it_deletes(as_alice, alice, character):
    other = made(alice, character.backend, "Nils")
    assert as_alice.post(delete_url(character)).url == URL
    character.refresh_from_db()
    other.refresh_from_db()
    assert character.deleted_at is not None
    assert other.deleted_at is None
    assert as_alice.post(delete_url(character)).status_code == 404
    assert as_alice.get(clip_url(character)).status_code == 404


# --- Access ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["as_bob", "as_carol"])
def test_they_are_for_their_owner_only(request, character, video, who):
    client = request.getfixturevalue(who)
    for url in (clip_url(character), delete_url(character), from_url(video)):
        assert client.get(url).status_code == 404
    for url in (delete_url(character), from_url(video)):
        assert client.post(url, {"name": "Mine"}).status_code == 404
    assert "Mara" not in client.get(URL).content.decode()
    character.refresh_from_db()
    assert character.deleted_at is None
    assert Character.objects.count() == 1


def test_they_are_for_those_who_are_signed_in(client, as_alice, character, video):
    for url in (URL, clip_url(character), delete_url(character), from_url(video)):
        assert client.get(url).url == f"{reverse('account_login')}?next={url}"
        assert as_alice.put(url).status_code == as_alice.delete(url).status_code == 405
    assert as_alice.post(clip_url(character)).status_code == 405
    for url in (URL, delete_url(character), from_url(video)):
        assert client.post(url, {"name": "Mara", "video": upload()}).url.startswith(reverse("account_login"))
    character.refresh_from_db()
    assert character.deleted_at is None
    assert Character.objects.count() == 1


def test_they_need_the_csrf_token(alice, character, video):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for url in (URL, delete_url(character), from_url(video)):
        assert client.post(url, {"name": "Mara", "video": upload()}).status_code == 403
    character.refresh_from_db()
    assert character.deleted_at is None
    assert Character.objects.count() == 1
