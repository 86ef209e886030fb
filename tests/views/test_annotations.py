"""The note and the tags on one video's page."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import State, Tag, Video
from videos.services.library import MAX_NOTE_LENGTH, add_tag

pytestmark = pytest.mark.django_db
ACTIONS = ("note", "tag", "untag")


@pytest.fixture
def video(alice) -> Video:
    return VideoFactory(owner=alice, state=State.COMPLETED, prompt="A secret launch", note="As it was")


def do(client, action: str, video: Video, text: str, *, htmx: bool = False):
    field = "note" if action == "note" else "tag"
    url = reverse(f"videos:{action}", args=[video.public_id])
    return client.post(url, {field: text}, headers=HTMX if htmx else {})


def test_a_note_is_kept_and_htmx_gets_nothing_that_would_replace_it(as_alice, video):
    response = do(as_alice, "note", video, "  A softer\r\nlanding ", htmx=True)
    page = response.content.decode()
    video.refresh_from_db()
    assert video.note == "A softer\nlanding"
    assert response.status_code == 200
    assert "Saved" in page
    assert "<textarea" not in page


def test_a_note_is_kept_by_a_plain_form(as_alice, video):
    response = do(as_alice, "note", video, "<b>Bold</b>")
    assert response.url == video.get_absolute_url()
    page = as_alice.get(response.url).content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;</textarea>" in page
    assert "Note saved." in page
    do(as_alice, "note", video, "")
    video.refresh_from_db()
    assert video.note == ""


@pytest.mark.parametrize(("htmx", "whole"), [(True, False), (False, True)])
@pytest.mark.parametrize("text", ["x" * (MAX_NOTE_LENGTH + 1), "a\x00b"])
def test_a_note_that_will_not_do_is_refused_with_what_was_typed(as_alice, video, htmx, whole, text):
    response = do(as_alice, "note", video, text, htmx=htmx)
    page = response.content.decode()
    assert response.status_code == 422
    assert "character" in page
    assert ("<html" in page) is whole
    assert (f"\n{text}</textarea>" in page) is whole
    video.refresh_from_db()
    assert video.note == "As it was"


def test_line_ends_count_once(as_alice, video):
    assert (
        do(as_alice, "note", video, "\r\n".join(["x"] * (MAX_NOTE_LENGTH // 2)), htmx=True).status_code == 200
    )


def test_tags_are_put_on_and_taken_off(as_alice, alice, video):
    page = do(as_alice, "tag", video, " Autumn  spot", htmx=True).content.decode()
    assert "<html" not in page
    assert "#Autumn spot</a>" in page
    assert f'href="{reverse("videos:library")}?tag=Autumn%20spot"' in page
    assert list(video.tags.all()) == [Tag.objects.get(owner=alice)]
    page = do(as_alice, "untag", video, "AUTUMN spot", htmx=True).content.decode()
    assert "#Autumn" not in page
    assert not Tag.objects.exists(), "a tag that no video has goes"


def test_tags_work_by_plain_forms(as_alice, video):
    assert do(as_alice, "tag", video, "spot").url == video.get_absolute_url()
    assert list(video.tags.values_list("name", flat=True)) == ["spot"]
    assert do(as_alice, "untag", video, "spot").url == video.get_absolute_url()
    assert not video.tags.exists()


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("name", ["", "   ", "a,b", "a\x00b", "x" * 41])
def test_a_tag_that_will_not_do_is_refused(as_alice, video, htmx, name):
    response = do(as_alice, "tag", video, name, htmx=htmx)
    assert response.status_code == 422
    assert "1 to 40 characters and no comma" in response.content.decode()
    assert not Tag.objects.exists()


@pytest.mark.parametrize("name", ["", "\x00", "nothing like it"])
def test_taking_off_what_is_not_there_changes_nothing(as_alice, alice, video, name):
    add_tag(alice, [video], "spot")
    assert do(as_alice, "untag", video, name, htmx=True).status_code == 200
    assert video.tags.get().name == "spot"


def test_ones_own_tags_are_proposed_and_no_others(as_alice, alice, bob, video):
    add_tag(alice, [VideoFactory(owner=alice)], "mine")
    add_tag(bob, [VideoFactory(owner=bob)], "theirs")
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert '<option value="mine">' in page
    assert "theirs" not in page


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("who", ["as_bob", "as_carol"])
def test_it_is_for_its_owner_only(request, alice, video, action, who):
    add_tag(alice, [video], "spot")
    response = do(request.getfixturevalue(who), action, video, "spot" if action == "untag" else "theirs")
    assert response.status_code == 404
    video.refresh_from_db()
    assert (video.note, [tag.name for tag in video.tags.all()]) == ("As it was", ["spot"])
    assert Tag.objects.count() == 1


@pytest.mark.parametrize("action", ACTIONS)
def test_deleted_videos_signed_out_people_and_other_methods(as_alice, client, video, action):
    url = reverse(f"videos:{action}", args=[video.public_id])
    assert as_alice.get(url).status_code == 405
    assert client.post(url).url.startswith(reverse("account_login"))
    Video.objects.filter(pk=video.pk).update(deleted_at=timezone.now())
    assert do(as_alice, action, video, "x").status_code == 404
    assert as_alice.post(reverse(f"videos:{action}", args=["x" * 99])).status_code == 404


def test_what_is_typed_outlives_the_page_being_drawn_again(as_alice, alice):
    running = VideoFactory(owner=alice, state=State.IN_PROGRESS, revision=2)
    news = as_alice.get(running.get_absolute_url(), {"version": "1"}, headers=HTMX).content.decode()
    assert 'id="detail"' in news
    assert 'id="metadata" hx-swap-oob="true"' in news
    assert "<textarea" not in news
    assert 'id="tags"' not in news
