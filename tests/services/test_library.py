import pytest
from django.core.exceptions import ValidationError

from tests.factories import VideoFactory
from videos.models import State, Tag, Video
from videos.services.library import (
    add_tag,
    empty_trash,
    move_to_trash,
    remove_tag,
    restore_from_trash,
    set_favourite,
    set_note,
)

pytestmark = pytest.mark.django_db


def test_a_favourite_is_marked_and_unmarked(alice):
    one, other = VideoFactory.create_batch(2, owner=alice)

    assert set_favourite([one, other], on=True) == 2
    assert set_favourite([one], on=True) == 0
    assert set_favourite([other], on=False) == 1

    assert list(Video.objects.filter(favourite=True)) == [one]


def test_a_note_is_kept_and_removed(alice):
    video = VideoFactory(owner=alice)

    set_note(video, "  for the autumn spot\n")
    video.refresh_from_db()
    assert video.note == "for the autumn spot"

    set_note(video, " ")
    video.refresh_from_db()
    assert video.note == ""


@pytest.mark.parametrize("text", ["x" * 2001, "a\x00b", "\ud800"])
def test_a_note_that_cannot_be_kept_is_refused(alice, text: str):
    video = VideoFactory(owner=alice, note="as it was")

    with pytest.raises(ValidationError) as caught:
        set_note(video, text)

    assert "note" in caught.value.message_dict
    video.refresh_from_db()
    assert video.note == "as it was"


def test_a_tag_is_one_whatever_its_case_and_goes_with_its_last_video(alice):
    one, other = VideoFactory.create_batch(2, owner=alice)

    first = add_tag(alice, [one], " Autumn   spot ")
    assert add_tag(alice, [one, other], "autumn spot") == first
    assert first.name == "Autumn spot"

    remove_tag([one], first)
    assert list(first.videos.all()) == [other]
    remove_tag([other], first)
    assert not Tag.objects.exists()


def test_everybody_has_tags_of_their_own(alice, bob):
    hers = add_tag(alice, [VideoFactory(owner=alice)], "spot")
    his = add_tag(bob, [VideoFactory(owner=bob)], "spot")

    assert hers != his


@pytest.mark.parametrize("name", ["", "  ", "a,b", "x" * 41, "a\x00", "\ud800"])
def test_a_tag_that_cannot_be_kept_is_refused(alice, name: str):
    with pytest.raises(ValidationError):
        add_tag(alice, [VideoFactory(owner=alice)], name)

    assert not Tag.objects.exists()


def test_the_trash_gives_back_what_was_finished_and_cancels_what_was_not(alice, hints):
    done = VideoFactory(owner=alice, state=State.COMPLETED)
    queued = VideoFactory(owner=alice, state=State.QUEUED)

    assert move_to_trash([done, queued]) == 2
    assert move_to_trash([done]) == 0
    assert not Video.objects.owned_by(alice).not_trashed().exists()
    assert restore_from_trash([done, queued]) == 2

    states = dict(Video.objects.owned_by(alice).not_trashed().values_list("pk", "state"))
    assert states == {done.pk: State.COMPLETED, queued.pk: State.CANCELED}


def test_emptying_the_trash_deletes_ones_own_and_nothing_else(alice, bob, hints):
    thrown, kept = VideoFactory.create_batch(2, owner=alice, state=State.COMPLETED)
    stranger = VideoFactory(owner=bob, state=State.COMPLETED)
    move_to_trash([thrown, stranger])

    assert empty_trash(alice) == 1

    assert list(Video.objects.owned_by(alice)) == [kept]
    assert list(Video.objects.owned_by(bob)) == [stranger]
