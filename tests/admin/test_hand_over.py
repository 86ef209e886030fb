"""Giving videos to somebody else: what goes along, what stays, and what is left alone."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from audit.vocabulary import Action
from tests.admin.conftest import act, messages_of
from tests.factories import ReferenceImageFactory, VideoFactory
from videos.models import (
    Batch,
    BatchState,
    Collection,
    CollectionItem,
    ShareLink,
    State,
    Tag,
    Video,
    Visibility,
)
from videos.services.collections import create_collection
from videos.services.library import add_tag
from videos.services.share_links import LinkOptions, create_link
from videos.services.video_actions import retry_video

pytestmark = pytest.mark.django_db


def _hand_over(client: Client, *videos: Video, heir: str = "bob"):
    return act(client, "hand_over", videos, confirmed="yes", heir=heir)


def _image(owner):
    image = ReferenceImageFactory(owner=owner)
    image.file.save("a.png", ContentFile(b"picture"))
    return image


def test_the_page_asks_for_a_person_and_says_what_goes_along(as_carol: Client, alice):
    done, running = VideoFactory(state=State.COMPLETED, owner=alice), VideoFactory(state=State.IN_PROGRESS)

    page = act(as_carol, "hand_over", [done, running])
    content = page.content.decode()

    assert 'name="heir"' in content
    assert "The ledger keeps who paid" in content
    assert page.context["question"].skipped == ["1 still in progress"]
    done.refresh_from_db()
    assert done.owner == alice


@pytest.mark.parametrize("heir", ["", "nobody", "viewer"])
def test_nobody_who_cannot_have_videos_gets_any(as_carol: Client, alice, bob, heir: str):
    if heir == "viewer":
        bob.username, bob.role = "viewer", "viewer"
        bob.save()
    video = VideoFactory(state=State.COMPLETED, owner=alice)

    page = _hand_over(as_carol, video, heir=heir)

    assert page.context["question"].problems
    video.refresh_from_db()
    assert video.owner == alice


def test_it_moves_the_video_and_what_is_its_own(as_carol: Client, alice, bob):
    video = VideoFactory(state=State.COMPLETED, owner=alice, note="Keep this", price="0.40")
    other = VideoFactory(state=State.COMPLETED, owner=alice)
    add_tag(alice, [video, other], "Snow")
    link = create_link(alice, video, LinkOptions(), days=3)
    Video.objects.filter(pk=video.pk).update(retention_due_at=timezone.now())  # which alice was told
    private = create_collection(alice, Collection(name="Mine"))
    team = create_collection(alice, Collection(name="Everybody's"))
    type(team).objects.filter(pk=team.pk).update(visibility=Visibility.TEAM)
    for collection in (private, team):
        CollectionItem.objects.create(collection=collection, video=video, added_by=alice)

    response = _hand_over(as_carol, video)

    assert messages_of(response) == ["1 handed over to bob."]
    video.refresh_from_db()
    assert (video.owner, video.note, video.retention_due_at) == (bob, "Keep this", None)
    assert [(tag.name, tag.owner) for tag in video.tags.all()] == [("Snow", bob)]
    assert Tag.objects.get(owner=alice).videos.get() == other
    assert ShareLink.objects.get(pk=link.pk).revoked_at is not None
    assert [item.collection for item in CollectionItem.objects.filter(video=video)] == [team]
    entry = Entry.objects.get(action=Action.HANDED_OVER)
    assert (entry.username, entry.note) == ("carol", "From alice to bob.")


def test_its_images_go_along_or_copies_of_those_that_others_use(as_carol: Client, alice, bob):
    own, shared, known = _image(alice), _image(alice), _image(alice)
    same = ReferenceImageFactory(owner=bob, sha256=known.sha256)
    VideoFactory(state=State.COMPLETED, owner=alice, reference=shared)
    videos = [
        VideoFactory(state=State.COMPLETED, owner=alice, reference=each) for each in (own, shared, known)
    ]

    _hand_over(as_carol, *videos)

    for video in videos:
        video.refresh_from_db()
    images = [video.reference for video in videos]
    assert [image.owner for image in images] == [bob, bob, bob]
    assert (images[0], images[2]) == (own, same)
    assert images[1] != shared
    assert images[1].sha256 == shared.sha256
    assert Path(images[1].file.path).read_bytes() == b"picture"
    shared.refresh_from_db()
    assert (shared.owner, Path(shared.file.path).exists()) == (alice, True)


def test_an_image_that_cannot_be_read_stops_only_its_video(as_carol: Client, alice, bob):
    shared = _image(alice)
    VideoFactory(state=State.COMPLETED, owner=alice, reference=shared)
    broken = VideoFactory(state=State.COMPLETED, owner=alice, reference=shared)
    whole = VideoFactory(state=State.COMPLETED, owner=alice)
    Path(shared.file.path).unlink()

    response = _hand_over(as_carol, broken, whole)

    assert messages_of(response) == [
        "1 could not be changed, because one of its files cannot be read; 1 handed over to bob."
    ]
    broken.refresh_from_db()
    assert broken.owner == alice


def test_what_goes_on_or_belongs_to_a_batch_stays(as_carol: Client, alice, bob):
    batch = Batch.objects.create(
        owner=alice, name="Herons", state=BatchState.RUNNING, digest="a", row_count=1, estimate=1
    )
    member = VideoFactory(state=State.COMPLETED, owner=alice, batch=batch)
    own = VideoFactory(state=State.COMPLETED, owner=bob)
    failed = VideoFactory(state=State.FAILED, owner=alice)
    page = act(as_carol, "hand_over", [failed])
    assert page.context["count"] == "1 video"
    assert retry_video(failed)  # between the page and the answer

    response = _hand_over(as_carol, member, own, failed)

    (sentence,) = messages_of(response)
    assert set(sentence.rstrip(".").split("; ")) == {
        "1 part of a batch that has not ended",
        "1 bob's already",
        "1 still in progress",
    }
    assert not Entry.objects.filter(action=Action.HANDED_OVER).exists()


def test_it_takes_the_right_to_see_people(staff, alice, bob):
    video = VideoFactory(state=State.COMPLETED, owner=alice)

    _hand_over(staff("view_video", "change_video"), video)
    video.refresh_from_db()
    assert video.owner == alice

    _hand_over(staff("view_video", "change_video", "view_user"), video)
    video.refresh_from_db()
    assert video.owner == bob
