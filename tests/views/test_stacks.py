"""The takes of one request are one place on a page, in whatever order and wherever a page ends."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.views.page import GOOD, HTMX
from videos.models import Backend, State, Video
from videos.views.pagination import PAGE_SIZE

pytestmark = pytest.mark.django_db
LIBRARY, STUDIO = reverse("videos:library"), reverse("videos:studio")


def make_takes(owner, count: int = 4, **fields: object) -> list[Video]:
    group = uuid.uuid4()
    return [
        VideoFactory(
            owner=owner, **{"state": State.COMPLETED, **fields}, take=n, takes=count, take_group=group
        )
        for n in range(1, count + 1)
    ]


def drawn(response) -> list[list[Video]]:
    return [list(stack.takes) for stack in response.context["stacks"]]


def walk(client, **query: str) -> list[list[Video]]:
    """The stacks of all pages, one after the other."""
    stacks, below = [], ""
    while True:
        response = client.get(LIBRARY, {**query, **({"below": below} if below else {})})
        stacks += drawn(response)
        below = response.context["page"].next_cursor
        if not below:
            return stacks


def test_takes_are_one_stack_that_shows_the_first(as_alice, alice):
    before = VideoFactory(owner=alice, state=State.COMPLETED)
    takes = make_takes(alice)
    after = VideoFactory(owner=alice, state=State.COMPLETED)
    response = as_alice.get(LIBRARY)
    assert drawn(response) == [[after], takes, [before]]
    page = response.content.decode()
    assert page.count('class="stack"') == 1
    assert f'href="{LIBRARY}?takes={takes[0].take_group}"' in page
    assert response.context["counts"].total == 6


@pytest.mark.parametrize(
    "fields",
    [{"favourite": True}, {"rating": 2}, {"chosen_at": timezone.now()}],
    ids=lambda each: next(iter(each)),
)
def test_the_best_stands_for_all(as_alice, alice, fields):
    takes = make_takes(alice)
    Video.objects.filter(pk=takes[2].pk).update(**fields)
    assert drawn(as_alice.get(LIBRARY)) == [[takes[2], takes[0], takes[1], takes[3]]]


def test_what_was_chosen_goes_before_what_is_better_rated(as_alice, alice):
    takes = make_takes(alice, 3)
    Video.objects.filter(pk=takes[0].pk).update(rating=5, favourite=True)
    Video.objects.filter(pk=takes[1].pk).update(chosen_at=timezone.now() - timedelta(days=1))
    Video.objects.filter(pk=takes[2].pk).update(chosen_at=timezone.now())
    assert drawn(as_alice.get(LIBRARY))[0][0] == takes[2]


@pytest.mark.parametrize("sort", ["", "oldest", "longest", "best", "finished"])
def test_each_video_is_on_one_page_wherever_it_ends(as_alice, alice, sort):
    for number in range(15):
        make_takes(alice, 4 if number % 3 else 3, rating=number % 5 + 1 if number % 2 else None)
        VideoFactory(owner=alice, state=State.COMPLETED)
    spread = make_takes(alice, 4)
    for number, take in enumerate(spread):  # far from each other in the order of ratings
        Video.objects.filter(pk=take.pk).update(rating=number + 1)
    stacks = walk(as_alice, **({"sort": sort} if sort else {}))
    keys = [take.pk for stack in stacks for take in stack]
    assert len(keys) == len(set(keys)) == Video.objects.count() > 2 * PAGE_SIZE
    assert all(len({take.take_group for take in stack}) == 1 for stack in stacks)
    assert len(stacks) == 31


def test_only_the_takes_that_fit_the_search_are_in_the_stack(as_alice, alice):
    takes = make_takes(alice)
    Video.objects.filter(pk__in=[takes[1].pk, takes[3].pk]).update(rating=4)
    assert drawn(as_alice.get(LIBRARY, {"rating": "4"})) == [[takes[1], takes[3]]]
    assert drawn(as_alice.get(LIBRARY, {"rating": "5"})) == []


def test_the_group_has_a_page_of_its_own_without_a_stack(as_alice, alice, bob):
    takes = make_takes(alice)
    VideoFactory(owner=alice)
    response = as_alice.get(LIBRARY, {"takes": str(takes[0].take_group)})
    assert [each.pk for each in response.context["videos"]] == [each.pk for each in reversed(takes)]
    assert 'class="stack' not in response.content.decode()
    assert "Takes of one prompt" in response.content.decode()


@pytest.mark.parametrize("value", ["x", "", "\x00", "9" * 500])
def test_a_bad_group_counts_as_none(as_alice, alice, value):
    VideoFactory(owner=alice)
    assert len(as_alice.get(LIBRARY, {"takes": value}).context["videos"]) == 1


def test_anothers_takes_of_the_same_group_are_another_stack(as_carol, alice, bob):
    mine, group = make_takes(alice, 2), uuid.uuid4()
    theirs = make_takes(bob, 2)
    Video.objects.filter(pk__in=[each.pk for each in mine + theirs]).update(take_group=group)
    assert drawn(as_carol.get(LIBRARY, {"scope": "team"})) == [theirs, mine]


def test_a_stack_is_open_while_one_is_made(as_alice, alice):
    takes = make_takes(alice, 2)
    assert "stack--open" not in as_alice.get(STUDIO).content.decode()
    Video.objects.filter(pk=takes[1].pk).update(state=State.IN_PROGRESS)
    assert "stack--open" in as_alice.get(STUDIO).content.decode()


def test_new_takes_arrive_as_a_stack(as_alice):
    page = as_alice.post(STUDIO, {**GOOD, "takes": "3"}, headers=HTMX).content.decode()
    assert page.count("stack--open") == 1
    assert page.count('<article class="card') == 3


def test_stacks_cost_the_same_however_many(as_alice, alice):
    backend = Backend.objects.for_environment()
    make_takes(alice, backend=backend)
    for _ in range(PAGE_SIZE):
        VideoFactory(owner=alice, state=State.COMPLETED, backend=backend)
    as_alice.get(LIBRARY)  # what is read once
    counts = []
    for more in (1, 4):
        for _ in range(more):
            make_takes(alice, backend=backend)
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(LIBRARY)
        counts.append(len(queries))
    assert counts[0] == counts[1]
