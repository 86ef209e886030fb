"""From one video's page to the next, in the order of the library one came from, and back."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import State, Video
from videos.services.library import add_tag, set_favourite
from videos.templatetags.studio import version

pytestmark = pytest.mark.django_db
LIBRARY, CARDS = reverse("videos:library"), reverse("videos:cards")


def beside(client, video: Video, query: str = "") -> tuple[str | None, str | None]:
    """The prompts of the videos before and after."""
    context = client.get(video.get_absolute_url() + query).context
    return tuple(context[side] and context[side].prompt for side in ("previous_video", "next_video"))


def walk(client, video: Video, query: str, way: str) -> list[str]:
    """All prompts from `video` on, by following the links of the page."""
    address, prompts = video.get_absolute_url() + query, []
    while address:
        page = client.get(address)
        prompts.append(page.context["video"].prompt)
        found = re.search(rf'rel="{way}" href="([^"]+)"', page.content.decode())
        address = found and found[1].replace("&amp;", "&")
    return prompts


@pytest.fixture
def five(alice) -> list[Video]:
    """In every order another way round, with equals in each."""
    now = timezone.now()
    return [
        VideoFactory(
            owner=alice,
            state=State.COMPLETED,
            prompt=f"boat {number}",
            seconds=(4, 12, 4, 8, 12)[number],
            created_at=now - timedelta(days=1),
            finished_at=now - timedelta(hours=(2, 0, 2, 1, 3)[number]),
        )
        for number in range(5)
    ]


@pytest.mark.parametrize("sort", ["", "newest", "oldest", "longest", "finished"])
def test_the_way_through_is_the_order_of_the_library(as_alice, five, sort):
    VideoFactory(owner=five[0].owner, prompt="never")
    query = f"?q=boat&sort={sort}"
    order = list(as_alice.get(LIBRARY + query).context["videos"])
    prompts = [video.prompt for video in order]
    assert len(prompts) == 5
    assert walk(as_alice, order[0], query, "next") == prompts
    assert walk(as_alice, order[-1], query, "prev") == prompts[::-1]
    assert beside(as_alice, order[0], query)[0] is None
    assert beside(as_alice, order[-1], query)[1] is None


def test_without_a_search_the_neighbours_are_the_newer_and_the_older(as_alice, five):
    assert beside(as_alice, five[2]) == ("boat 3", "boat 1")
    page = as_alice.get(five[2].get_absolute_url()).content.decode()
    assert f'rel="next" href="{five[1].get_absolute_url()}"' in page
    assert f'href="{LIBRARY}"> <' not in page
    assert re.search(rf'<a class="icon-link" href="{LIBRARY}">.*Back to the library', page)


def test_filters_pass_over_what_does_not_fit(as_alice, alice, five):
    add_tag(alice, [five[0], five[2], five[4]], "spot")
    set_favourite([five[1]], on=True)
    assert beside(as_alice, five[2], "?tag=spot") == ("boat 4", "boat 0")
    assert beside(as_alice, five[2], "?favourite=1") == (None, "boat 1")
    assert beside(as_alice, five[2], "?seconds=12") == ("boat 4", "boat 1"), "it need not fit itself"
    assert beside(as_alice, five[2], "?q=nothing") == (None, None)


def test_it_leads_to_nothing_of_others_and_nothing_thrown_away(as_alice, bob, five):
    Video.objects.filter(pk=five[1].pk).update(owner=bob)
    Video.objects.filter(pk=five[3].pk).update(trashed_at=timezone.now())
    Video.objects.filter(pk=five[4].pk).update(deleted_at=timezone.now())
    assert beside(as_alice, five[2]) == (None, "boat 0")
    assert beside(as_alice, five[3]) == (None, "boat 2"), "one in the trash is where it was"


@pytest.mark.parametrize(
    "query",
    [
        "?sort=random",
        "?q=%00",
        "?seconds=1e9",
        "?since=9999-99-99",
        "?model=%FF%00",
        "?below=%00",
        "?q=%ED%A0%80",
    ],
)
def test_garbage_in_the_query_is_harmless(as_alice, five, query):
    response = as_alice.get(five[2].get_absolute_url() + query)
    assert response.status_code == 200


def test_cards_of_the_library_take_the_search_along_and_others_do_not(as_alice, five):
    link = five[2].get_absolute_url()
    asked = {"q": "boat", "sort": "longest", "below": five[4].public_id}
    page = as_alice.get(LIBRARY, asked).content.decode()
    assert f'href="{link}?q=boat&amp;sort=longest"' in page
    assert f'href="{link}"' not in page
    assert f'href="{link}"' in as_alice.get(LIBRARY).content.decode()
    assert f'href="{link}"' in as_alice.get(reverse("videos:studio")).content.decode()


@pytest.mark.parametrize(
    ("search", "query"),
    [
        ("q=boat", "?q=boat"),
        ("q=boat&below=x&other=1", "?q=boat"),
        ("", ""),
        ("http://[", ""),
        ("q=%00&since=never&%ED%A0%80", ""),
    ],
)
def test_a_card_that_is_drawn_again_keeps_the_search_of_its_page(as_alice, alice, search, query):
    video = VideoFactory(owner=alice, state=State.FAILED, prompt="boat")
    link = f'href="{video.get_absolute_url()}{query}"'
    card = f"{video.public_id}.{version(video)}9"
    assert link in as_alice.get(CARDS, {"card": card, "search": search}, headers=HTMX).content.decode()
    favourite = {"do": "favourite", "id": video.public_id, "search": search}
    assert link in as_alice.post(reverse("videos:bulk"), favourite, headers=HTMX).content.decode()
    retry = reverse("videos:retry", args=[video.public_id])
    assert link in as_alice.post(retry, {"search": search}, headers=HTMX).content.decode()


def test_the_library_sends_its_search_along(as_alice, alice):
    """The poller of its cards, the bar of actions, and the forms on a card; other pages have none to send."""
    VideoFactory(owner=alice, state=State.QUEUED, prompt="boat")
    VideoFactory(owner=alice, state=State.FAILED, prompt="boat")
    asked = {"q": "boat", "sort": "oldest"}
    field = '<input type="hidden" name="search" value="q=boat&amp;sort=oldest"'
    whole = as_alice.get(LIBRARY, asked).content.decode()
    part = as_alice.get(LIBRARY, asked, headers={**HTMX, "HX-Target": "results"}).content.decode()
    for page in (whole, part):
        assert f'hx-get="{CARDS}?search=q%3Dboat%26sort%3Doldest"' in page
        assert page.count(f'{field} form="bulk">') == 1
        assert page.count(f"{field}>") == 2
    for url in (LIBRARY, reverse("videos:studio")):
        assert 'name="search"' not in as_alice.get(url).content.decode()


def test_actions_on_the_page_lead_back_to_it_with_its_search(as_alice, five):
    address = f"{five[2].get_absolute_url()}?q=boat&sort=oldest"

    def do(action: str) -> str:
        page = as_alice.get(address).content.decode()
        url = reverse(f"videos:{action}", args=[five[2].public_id])
        form = (
            page.partition(f'<form method="post" action="{url}"')[2] or page.partition(f'action="{url}"')[2]
        )
        field = re.search(r'name="search" value="([^"]+)"', form.partition("</form>")[0])
        return as_alice.post(url, {"search": unescape(field[1]), "tag": "spot"}).url

    assert do("note") == address
    assert do("tag") == address
    assert do("move_to_trash") == f"{LIBRARY}?q=boat&sort=oldest"
    assert do("restore") == address


def test_a_mistake_on_the_page_and_its_updates_keep_the_search(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.IN_PROGRESS)
    note = reverse("videos:note", args=[video.public_id])
    page = as_alice.post(note, {"note": "x" * 9000, "search": "q=boat"})
    assert page.status_code == 422
    assert f'href="{LIBRARY}?q=boat"' in page.content.decode()
    url = video.get_absolute_url()
    update = as_alice.get(url, {"version": "99", "q": "boat"}, headers=HTMX).content.decode()
    assert 'name="search" value="q=boat"' in update
    assert f'hx-get="{url}?version={version(video)}&amp;q=boat"' in update
    asks_first = reverse("videos:move_to_trash", args=[video.public_id])
    assert f'href="{asks_first}?search=q%3Dboat"' in update
    assert 'name="search" value="q=boat"' in as_alice.get(f"{asks_first}?search=q%3Dboat").content.decode()


def test_any_order_needs_the_same_few_queries(as_alice, five, django_assert_num_queries):
    as_alice.get(five[2].get_absolute_url())
    with django_assert_num_queries(28) as few:
        as_alice.get(five[2].get_absolute_url())
    VideoFactory.create_batch(30, owner=five[0].owner, state=State.COMPLETED)
    with django_assert_num_queries(len(few)):
        as_alice.get(five[2].get_absolute_url())
    for_words = 1 if connection.vendor == "sqlite" else 0  # whose index is asked by itself
    with django_assert_num_queries(len(few) + 1 + for_words):  # the other one is for its place
        as_alice.get(five[2].get_absolute_url() + "?sort=longest&q=boat")
