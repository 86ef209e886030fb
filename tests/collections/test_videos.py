"""Putting videos into collections, taking them out, and making them there."""

import io
import json
from datetime import timedelta
from decimal import Decimal
from zipfile import ZipFile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from tests.collections.conftest import Make
from tests.factories import VideoFactory
from videos.engine.sweep import sweep
from videos.models import Backend, Collection, CollectionItem, State, Video
from videos.services.collections import add_videos, create_collection, find_editable
from videos.services.generation_requests import GenerationRequest
from videos.services.videos import create_video

pytestmark = pytest.mark.django_db
BULK = "/library/selected"


def _held(collection: Collection) -> set[Video]:
    return set(collection.videos.all())


def test_only_ones_own_videos_are_added(
    as_bob: Client, bob: User, edited: Collection, make_collection: Make, video
):
    own, other = VideoFactory(owner=bob), make_collection(owner=bob, name="Mine")

    as_bob.post(BULK, {"do": "collect", "id": [own.public_id, video.public_id], "collection_name": "mine"})

    assert _held(other) == {own}, "alice's video stays where alice put it"


def test_adding_twice_is_harmless(alice: User, shared: Collection, video: Video):
    assert add_videos(alice, shared, [video]) == 0
    assert shared.items.count() == 1


def test_a_viewer_of_the_collection_adds_nothing(bob: User, shared: Collection):
    with pytest.raises(ValidationError, match="no longer add"):
        add_videos(bob, shared, [VideoFactory(owner=bob)])


def test_there_is_room_for_all_or_none_is_added(alice: User, shared: Collection, monkeypatch):
    monkeypatch.setattr("videos.services.collections.MAX_VIDEOS", 2)
    with pytest.raises(ValidationError, match="no room"):
        add_videos(alice, shared, VideoFactory.create_batch(2, owner=alice))
    assert shared.items.count() == 1


def test_a_collection_is_made_of_a_selection(as_alice: Client, alice: User, video: Video):
    as_alice.post(BULK, {"do": "collect_in_new", "id": [video.public_id], "collection_name": " Autumn "})
    made = Collection.objects.get(owner=alice)
    assert (made.name, made.visibility, _held(made)) == ("Autumn", "private", {video})


def test_an_editor_takes_out_anothers_video_which_stays_in_the_library(
    as_bob: Client, edited: Collection, video: Video
):
    Collection.objects.filter(pk=edited.pk).update(cover=video)
    search = {"search": f"collection={edited.public_id}"}

    as_bob.post(BULK, {"do": "uncollect", "id": [video.public_id], **search})

    edited.refresh_from_db()
    assert (_held(edited), edited.cover) == (set(), None)
    assert Video.objects.filter(pk=video.pk, trashed_at=None, deleted_at=None).exists()


def test_a_viewer_takes_out_nothing_of_anothers(as_bob: Client, shared: Collection, video: Video):
    search = {"search": f"collection={shared.public_id}"}
    as_bob.post(BULK, {"do": "uncollect", "id": [video.public_id], **search})
    as_bob.post(reverse("videos:uncollect", args=[video.public_id]), {"collection": shared.public_id})
    assert _held(shared) == {video}


def test_ones_own_video_can_always_be_taken_out(as_bob: Client, bob: User, make_collection: Make):
    own = VideoFactory(owner=bob)
    left = make_collection(own, visibility="private")

    assert left.name in as_bob.get(own.get_absolute_url()).content.decode()
    as_bob.post(reverse("videos:uncollect", args=[own.public_id]), {"collection": left.public_id})

    assert _held(left) == set()


def test_others_videos_are_changed_by_no_action(as_bob: Client, edited: Collection, video: Video):
    before = Video.objects.values().get()
    for action in ("favourite", "tag", "trash", "collect"):
        as_bob.post(BULK, {"do": action, "id": [video.public_id], "tag": "x", "collection_name": "Spring"})
    assert Video.objects.values().get() == before


def test_the_archive_of_a_collection_tells_what_is_private_to_nobody(as_bob: Client, shared, video: Video):
    video.file.save("video.mp4", ContentFile(b"pictures"), save=False)
    video.note, video.price = "For the client", Decimal("0.4")
    video.save()

    reply = as_bob.get(reverse("videos:collection_download", args=[shared.public_id]))
    archive = ZipFile(io.BytesIO(b"".join(reply)))

    (name,) = [each for each in archive.namelist() if each.endswith(".json")]
    told = json.loads(archive.read(name))
    assert told["prompt"] == video.prompt
    assert not {"note", "tags", "price_usd", "reference", "backend_job_id"} & set(told)
    assert len(archive.namelist()) == 2


def test_a_video_made_in_a_collection_is_in_it(as_alice: Client, alice: User, shared: Collection):
    Backend.objects.for_environment()
    Collection.objects.filter(pk=shared.pk).update(seconds=8, size="720x1280")
    page = as_alice.get(f"/?collection={shared.public_id}")
    initial = page.context["composer"].form.initial
    assert (initial["seconds"], initial["size"]) == ("8", "720x1280")
    assert f'name="collection" value="{shared.public_id}"' in page.content.decode()

    fields = {"prompt": "A kite", "model": "sora-2", "seconds": "8", "size": "720x1280", "takes": "2"}
    as_alice.post("/", {**fields, "collection": shared.public_id})

    made = Video.objects.filter(owner=alice, prompt="A kite")
    assert made.count() == 2
    assert {video.made_in for video in made} == {shared}
    assert set(made) < _held(shared)


def test_nothing_is_made_in_a_collection_that_one_may_only_look_at(as_bob: Client, shared: Collection):
    Backend.objects.for_environment()
    fields = {"prompt": "A kite", "model": "sora-2", "seconds": "4", "size": "1280x720"}
    reply = as_bob.post("/", {**fields, "collection": shared.public_id})
    assert reply.status_code == 422
    assert "no longer add videos" in reply.content.decode()
    assert not Video.objects.filter(prompt="A kite").exists()


def test_a_service_refuses_it_too(bob: User, shared: Collection):
    Backend.objects.for_environment()
    request = GenerationRequest("A kite", "sora-2", 4, "1280x720", collections=(shared,))
    with pytest.raises(ValidationError, match="no longer add"):
        create_video(bob, request)
    assert not Video.objects.filter(prompt="A kite").exists()


def test_a_command_names_a_collection(alice: User, shared: Collection):
    Backend.objects.for_environment()
    call_command("generate_video", "A kite", "--user", "alice", "--collection", "spring")
    assert Video.objects.get(prompt="A kite").made_in == shared
    with pytest.raises(CommandError, match="--collection: There is no collection “Autumn”"):
        call_command("generate_video", "A kite", "--user", "alice", "--collection", "Autumn")


def test_names_that_several_have_are_told_apart_by_id(alice: User, make_collection: Make):
    first, _ = make_collection(), make_collection()
    with pytest.raises(ValidationError, match="Several"):
        find_editable(alice, "Spring")
    assert find_editable(alice, first.public_id) == first


def test_a_viewer_makes_none(alice: User):
    User.objects.filter(pk=alice.pk).update(role=Role.VIEWER)
    alice.refresh_from_db()
    with pytest.raises(ValidationError):
        create_collection(alice, Collection(name="Spring"))
    assert not Collection.objects.exists()


def test_deleting_leaves_the_videos_and_can_be_undone(as_alice: Client, as_bob: Client, shared, video: Video):
    as_alice.post(reverse("videos:collection_delete", args=[shared.public_id]))
    assert as_bob.get(video.get_absolute_url()).status_code == 404
    assert as_alice.get(video.get_absolute_url()).status_code == 200

    as_alice.post(reverse("videos:collection_restore", args=[shared.public_id]))
    assert as_bob.get(video.get_absolute_url()).status_code == 200


def test_the_sweep_removes_what_was_deleted_long_ago(shared: Collection, video: Video, settings):
    ages = timedelta(days=settings.TRASH_RETENTION_DAYS)
    Collection.objects.update(deleted_at=timezone.now() - ages + timedelta(minutes=1))
    sweep()
    assert Collection.objects.exists()

    Collection.objects.update(deleted_at=timezone.now() - ages)
    sweep()
    assert not CollectionItem.objects.exists()
    assert Video.objects.filter(pk=video.pk, state=State.COMPLETED).exists()


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 81, "a\x00b"])
def test_a_name_is_needed(as_alice: Client, name: str):
    reply = as_alice.post(reverse("videos:collection_new"), {"name": name})
    assert reply.status_code == 422
    assert "id_name_error" in reply.content.decode()
    assert not Collection.objects.exists()
