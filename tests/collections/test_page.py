"""The page of a collection, and of a video that somebody sees in it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, User
from tests.collections.conftest import Make
from tests.factories import BackendFactory, VideoFactory
from videos.models import Collection, State, Tag, Video, Visibility

pytestmark = pytest.mark.django_db


def _text(client: Client, address: str) -> str:
    reply = client.get(address)
    assert reply.status_code == 200, address
    return reply.content.decode()


def test_a_viewer_sees_its_videos_and_who_made_them(as_bob: Client, shared: Collection, video: Video):
    text = _text(as_bob, shared.get_absolute_url())

    assert "A heron by the harbour" in text
    assert "by <bdi>alice</bdi>" in text
    assert reverse("videos:collection_edit", args=[shared.public_id]) not in text
    assert reverse("videos:collection_people", args=[shared.public_id]) not in text


def test_nobody_else_finds_it(as_bob: Client, make_collection: Make, video: Video):
    private = make_collection(video, visibility=Visibility.PRIVATE)

    assert as_bob.get(private.get_absolute_url()).status_code == 404
    assert as_bob.get(video.get_absolute_url()).status_code == 404
    assert private.name not in _text(as_bob, reverse("videos:collections"))


def test_its_search_finds_only_what_is_in_it(as_alice: Client, alice: User, shared: Collection):
    VideoFactory(owner=alice, prompt="A heron elsewhere")

    text = _text(as_alice, shared.get_absolute_url() + "?q=heron")

    assert "by the harbour" in text
    assert "elsewhere" not in text


def test_what_is_private_about_a_video_stays_with_its_owner(
    as_bob: Client, as_alice: Client, alice: User, shared: Collection, video: Video
):
    Video.objects.filter(pk=video.pk).update(
        note="For the client", favourite=True, charged="0.42", price="0.4"
    )
    tag = Tag.objects.create(owner=alice, name="secret-tag")
    tag.videos.add(video)
    secrets = ("For the client", "secret-tag", "0.42", 'aria-pressed="true"')

    page = _text(as_bob, video.get_absolute_url())
    card = _text(as_bob, shared.get_absolute_url())

    assert [word for word in secrets if word in page + card] == []
    own = _text(as_alice, video.get_absolute_url()) + _text(as_alice, shared.get_absolute_url())
    assert [word for word in secrets if word not in own] == []


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.QUEUED, State.UNCERTAIN])
def test_a_viewer_is_offered_nothing_that_would_be_refused(
    as_bob: Client, make_collection: Make, alice: User, bob: User, state: State
):
    video = VideoFactory(owner=alice, state=state, due_at=None)
    shared = make_collection(video, people={bob: "viewer"})

    text = _text(as_bob, video.get_absolute_url()) + _text(as_bob, shared.get_absolute_url())

    for action in (
        *("cancel", "retry", "recheck", "resubmit", "abandon", "favourite", "note", "tag", "move_to_trash"),
        *("remix", "edit", "extend", "character_from_video", "collect", "uncollect"),
    ):
        assert reverse(f"videos:{action}", args=[video.public_id]) not in text, action


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.QUEUED])
def test_a_person_who_became_a_viewer_is_offered_no_action_on_old_videos(
    as_alice: Client, alice: User, shared: Collection, video: Video, state: State
):
    own = VideoFactory(owner=alice, state=state, note="Mine still")
    User.objects.filter(pk=alice.pk).update(role=Role.VIEWER)

    text = _text(as_alice, own.get_absolute_url()) + _text(as_alice, reverse("videos:library"))

    assert "Mine still" in text
    actions = ("cancel", "retry", "favourite", "note", "tag", "move_to_trash", "collect")
    assert [each for each in actions if reverse(f"videos:{each}", args=[own.public_id]) in text] == []


def test_its_prompt_and_settings_start_a_video_of_ones_own(as_bob: Client, shared: Collection, video: Video):
    address = reverse("videos:studio") + f"?like={video.public_id}"
    assert address in _text(as_bob, video.get_absolute_url())
    assert "A heron by the harbour" in _text(as_bob, address)


def test_a_video_in_the_trash_is_in_no_collection_until_it_is_restored(
    as_alice: Client, as_bob: Client, shared: Collection, video: Video
):
    as_alice.post(reverse("videos:move_to_trash", args=[video.public_id]))
    assert as_bob.get(video.get_absolute_url()).status_code == 404
    assert "A heron" not in _text(as_bob, shared.get_absolute_url())

    as_alice.post(reverse("videos:restore", args=[video.public_id]))
    assert "A heron" in _text(as_bob, shared.get_absolute_url())


def test_a_deleted_video_is_in_none(as_alice: Client, shared: Collection, video: Video):
    as_alice.post(reverse("videos:move_to_trash", args=[video.public_id]))
    as_alice.post(reverse("videos:delete", args=[video.public_id]))
    assert not shared.items.exists()


def _count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_more_videos_take_no_more_queries(as_bob: Client, alice: User, bob: User, make_collection: Make):
    backend = BackendFactory()

    def add(count: int, **fields: str) -> str:
        videos = VideoFactory.create_batch(count, owner=alice, backend=backend, state=State.COMPLETED)
        return make_collection(*videos, people={bob: "editor"}, **fields).get_absolute_url()

    few, many = add(1), add(20)
    _count_queries(as_bob, few)  # what is cached once
    assert _count_queries(as_bob, many) == _count_queries(as_bob, few)
    for scope in ("shared", "team"):
        library = reverse("videos:library") + f"?scope={scope}"
        add(1, visibility=Visibility.TEAM)
        before = _count_queries(as_bob, library)
        add(5, visibility=Visibility.TEAM)
        assert _count_queries(as_bob, library) == before


def test_more_collections_take_no_more_queries(as_bob: Client, bob: User, alice: User, make_collection: Make):
    address = reverse("videos:collections")
    make_collection(VideoFactory(owner=alice), people={bob: "viewer"})
    _count_queries(as_bob, address)  # what is cached once
    before = _count_queries(as_bob, address)
    for _ in range(5):
        make_collection(VideoFactory(owner=alice), people={bob: "viewer"})
    assert _count_queries(as_bob, address) == before
