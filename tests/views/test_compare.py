"""two to four finished videos side by side."""

import time

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from videos.models import State
from videos.prompts.diff import highlight_differences

pytestmark = pytest.mark.django_db
URL = reverse("videos:compare")


def done(owner, **fields):
    return VideoFactory(owner=owner, state=State.COMPLETED, **fields)


def ask(client, *videos):
    return client.get(URL, {"id": [video.public_id for video in videos]})


def test_they_stand_in_the_order_asked_for_with_what_differs(as_alice, alice):
    first = done(alice, prompt="A red boat at dawn", model="sora-2", seconds=4)
    second = done(alice, prompt="A blue boat at dawn", model="sora-2-pro", seconds=4, backend=first.backend)

    response = ask(as_alice, second, first)

    page = response.content.decode()
    assert [video for video, _ in response.context["takes"]] == [second, first]
    rows = {row.label: row.values for row in response.context["rows"]}
    assert rows["Model"] == ["sora-2-pro", "sora-2"]
    assert not {"Duration", "Resolution", "Backend", "Cost"} & set(rows), "what is the same is not listed"
    assert "<mark>blue </mark>" in page
    assert "<mark>red </mark>" in page
    assert page.count("<video") == 2
    assert page.count(" controls") == 2, "they play without a script too"


def test_the_same_prompt_is_written_once(as_alice, alice):
    page = ask(as_alice, *[done(alice, prompt="The very same") for _ in range(3)]).content.decode()
    assert "Same prompt:" in page
    assert "<mark>" not in page


@pytest.mark.parametrize("number", [0, 1, 5])
def test_fewer_than_two_or_more_than_four_are_refused(as_alice, alice, number):
    response = ask(as_alice, *[done(alice) for _ in range(number)])
    assert response.status_code == 400
    assert "two to four finished videos" in response.content.decode()


@pytest.mark.parametrize(
    "fields", [{"state": State.IN_PROGRESS}, {"trashed_at": timezone.now()}, {"deleted_at": timezone.now()}]
)
def test_only_what_is_finished_and_on_show_counts(as_alice, alice, fields):
    other = VideoFactory(owner=alice, **{"state": State.COMPLETED, **fields})
    assert ask(as_alice, done(alice), other).status_code == 400


def test_the_same_video_twice_is_one(as_alice, alice):
    video = done(alice)
    assert ask(as_alice, video, video).status_code == 400


def test_a_stranger_compares_nothing(as_bob, alice):
    response = ask(as_bob, done(alice, prompt="A secret"), done(alice))
    assert response.status_code == 400
    assert "secret" not in response.content.decode()


def test_bad_ids_are_passed_over(as_alice, alice):
    videos = [done(alice), done(alice)]
    ids = ["\x00", "' OR 1=1", "", *[video.public_id for video in videos]]
    assert as_alice.get(URL, {"id": ids}).status_code == 200


def test_four_need_as_many_queries_as_two(as_alice, alice, django_assert_num_queries):
    videos = [done(alice) for _ in range(4)]
    ask(as_alice, *videos)
    with django_assert_num_queries(9) as few:
        ask(as_alice, *videos[:2])
    with django_assert_num_queries(len(few)):
        ask(as_alice, *videos)


def test_it_is_only_read_and_for_those_signed_in(as_alice, client):
    assert as_alice.post(URL).status_code == 405
    assert client.get(URL).url.startswith(reverse("account_login"))


def test_every_word_is_kept_and_the_strange_ones_marked():
    prompts = ["one two  three", "one 2 three four", "one two three"]
    runs = highlight_differences(prompts)
    assert ["".join(run.text for run in each) for each in runs] == prompts
    assert [[run.text for run in each if run.differs] for each in runs] == [["two  "], ["2 ", "four"], []]


def test_the_longest_prompts_are_compared_in_no_time():
    one = " ".join(f"w{number % 97}" for number in range(8000))
    other = " ".join(f"w{number % 89}" for number in range(8000))
    began = time.process_time()
    highlight_differences([one, other, one[::-1], other[::-1]])
    assert time.process_time() - began < 5
