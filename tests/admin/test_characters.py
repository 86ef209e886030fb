import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from tests.factories import VideoFactory
from videos.models import Backend, Character, Kind, Video

pytestmark = pytest.mark.django_db
LIST = reverse("admin:videos_character_changelist")


@pytest.fixture
def character(alice) -> Character:
    character = Character(owner=alice, name="Mara", backend=Backend.objects.for_environment())
    character.file.save("clip.mp4", ContentFile(b"a clip"))
    return character


def address(character: Character, name: str = "change") -> str:
    return reverse(f"admin:videos_character_{name}", args=[character.pk])


def test_they_are_shown_with_their_clip_and_cannot_be_changed(as_carol: Client, character: Character):
    Character.objects.update(error_detail="HTTP 400 <no face>")
    page = as_carol.get(LIST).content.decode()
    assert "Mara" in page
    assert "Creating" in page
    assert "HTTP 400 &lt;no face&gt;" in as_carol.get(address(character)).content.decode()
    assert as_carol.get(address(character, "file")).getvalue() == b"a clip"
    assert as_carol.post(address(character), {"name": "Other"}).status_code == 403
    assert as_carol.get(reverse("admin:videos_character_add")).status_code == 403
    character.refresh_from_db()
    assert character.name == "Mara"


def test_the_state_follows_the_row(as_carol: Client, character: Character):
    Character.objects.update(due_at=None, backend_character_id="char_1")
    assert "Ready" in as_carol.get(LIST).content.decode()
    Character.objects.update(backend_character_id="", error_message="No face.")
    assert "Failed" in as_carol.get(LIST).content.decode()


@pytest.mark.parametrize("way", ["page", "list"])
def test_deleting_is_what_its_owner_could_do(as_carol: Client, character: Character, way: str):
    video = VideoFactory(owner=character.owner, backend=character.backend)
    video.characters.add(character)
    if way == "page":
        assert "Mara" in as_carol.get(address(character, "delete")).content.decode()
        as_carol.post(address(character, "delete"), {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": [str(character.pk)], "post": "yes"}
        as_carol.post(LIST, chosen)
    character.refresh_from_db()
    assert character.deleted_at is not None
    assert list(video.characters.all()) == [character]
    assert list(as_carol.get(LIST).context["cl"].result_list) == []


def test_others_do_not_see_them(as_alice: Client, character: Character):
    for url in (LIST, address(character), address(character, "file")):
        assert as_alice.get(url).status_code == 302


def test_a_video_tells_what_it_was_made_from(as_carol: Client, character: Character):
    source = VideoFactory(owner=character.owner)
    video = VideoFactory(
        owner=character.owner, kind=Kind.REMIX, source=source, remixed_from=source.public_id, price="1.2500"
    )
    video.characters.add(character)
    page = as_carol.get(reverse("admin:videos_video_change", args=[video.pk])).content.decode()
    assert "Remix" in page
    assert reverse("admin:videos_video_change", args=[source.pk]) in page
    assert "$1.25" in page
    assert "Mara" in page
    remixes = as_carol.get(reverse("admin:videos_video_changelist"), {"kind__exact": "remix"})
    assert [each.pk for each in remixes.context["cl"].result_list] == [video.pk]
    assert "4 s, Remix" in remixes.content.decode()
    assert Video.objects.count() == 2
