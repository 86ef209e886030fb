import pytest
from django.core.exceptions import ValidationError

from tests.factories import VideoFactory
from videos import keeping
from videos.models import State, Tag, Video

pytestmark = pytest.mark.django_db


def test_a_favourite_is_marked_and_unmarked(alice):
    one, other = VideoFactory.create_batch(2, owner=alice)

    assert keeping.favourite([one, other], on=True) == 2
    assert keeping.favourite([one], on=True) == 0
    assert keeping.favourite([other], on=False) == 1

    assert list(Video.objects.filter(favourite=True)) == [one]


def test_a_note_is_kept_and_removed(alice):
    video = VideoFactory(owner=alice)

    keeping.note(video, "  for the autumn spot\n")
    video.refresh_from_db()
    assert video.note == "for the autumn spot"

    keeping.note(video, " ")
    video.refresh_from_db()
    assert video.note == ""


@pytest.mark.parametrize("text", ["x" * 2001, "a\x00b", "\ud800"])
def test_a_note_that_cannot_be_kept_is_refused(alice, text: str):
    video = VideoFactory(owner=alice, note="as it was")

    with pytest.raises(ValidationError) as caught:
        keeping.note(video, text)

    assert "note" in caught.value.message_dict
    video.refresh_from_db()
    assert video.note == "as it was"


def test_a_tag_is_one_whatever_its_case_and_goes_with_its_last_video(alice):
    one, other = VideoFactory.create_batch(2, owner=alice)

    first = keeping.tag(alice, [one], " Autumn   spot ")
    assert keeping.tag(alice, [one, other], "autumn spot") == first
    assert first.name == "Autumn spot"

    keeping.untag([one], first)
    assert list(first.videos.all()) == [other]
    keeping.untag([other], first)
    assert not Tag.objects.exists()


def test_everybody_has_tags_of_their_own(alice, bob):
    hers = keeping.tag(alice, [VideoFactory(owner=alice)], "spot")
    his = keeping.tag(bob, [VideoFactory(owner=bob)], "spot")

    assert hers != his


@pytest.mark.parametrize("name", ["", "  ", "a,b", "x" * 41, "a\x00", "\ud800"])
def test_a_tag_that_cannot_be_kept_is_refused(alice, name: str):
    with pytest.raises(ValidationError):
        keeping.tag(alice, [VideoFactory(owner=alice)], name)

    assert not Tag.objects.exists()


def test_the_trash_gives_back_what_was_finished_and_cancels_what_was_not(alice, hints):
    done = VideoFactory(owner=alice, state=State.COMPLETED)
    queued = VideoFactory(owner=alice, state=State.QUEUED)

    assert keeping.trash([done, queued]) == 2
    assert keeping.trash([done]) == 0
    assert not Video.objects.of(alice).on_show().exists()
    assert keeping.restore([done, queued]) == 2

    states = dict(Video.objects.of(alice).on_show().values_list("pk", "state"))
    assert states == {done.pk: State.COMPLETED, queued.pk: State.CANCELED}


def test_emptying_the_trash_deletes_ones_own_and_nothing_else(alice, bob, hints):
    thrown, kept = VideoFactory.create_batch(2, owner=alice, state=State.COMPLETED)
    stranger = VideoFactory(owner=bob, state=State.COMPLETED)
    keeping.trash([thrown, stranger])

    assert keeping.empty_trash(alice) == 1

    assert list(Video.objects.of(alice)) == [kept]
    assert list(Video.objects.of(bob)) == [stranger]
