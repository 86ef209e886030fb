"""What the address of the library asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.models import State
from videos.services.library import add_tag
from videos.views.pagination import PAGE_SIZE

pytestmark = [pytest.mark.django_db, pytest.mark.every_value]
URL = reverse("videos:library")


def found(client, **asked) -> list[str]:
    """The prompts on the page, in order."""
    return [video.prompt for video in client.get(URL, asked).context["videos"]]


def counts(response, name: str) -> dict[str, int]:
    facets = {facet.name: facet for facet in response.context["counts"].facets}
    return {choice.value: choice.count for choice in facets[name].choices}


@pytest.mark.parametrize(
    ("q", "fits"),
    [
        ("boat", ["A paper BOAT at dusk", "A boat"]),
        ("BOAT paper", ["A paper BOAT at dusk"]),
        ("boat lake", []),
        ("100%", ["100% cotton"]),
        ("_", []),
        ("über", ["Über den Wolken"]),
        ("ÜBER wolken", ["Über den Wolken"]),
        ("' OR 1=1 --", []),
        ("   ", ["A paper BOAT at dusk", "100% cotton", "Über den Wolken", "A boat"]),
    ],
)
def test_every_word_must_be_in_the_prompt_in_whatever_case(as_alice, alice, q, fits):
    for prompt in ("A boat", "Über den Wolken", "100% cotton", "A paper BOAT at dusk"):
        VideoFactory(owner=alice, prompt=prompt)
    assert found(as_alice, q=q) == fits


def test_each_filter_leaves_what_fits(as_alice, alice):
    VideoFactory(owner=alice, prompt="plain", state=State.COMPLETED)
    other = {"state": State.FAILED, "model": "sora-2-pro", "size": "720x1280", "seconds": 8}
    odd = VideoFactory(owner=alice, prompt="odd", favourite=True, **other)
    add_tag(alice, [odd], "Autumn spot")
    asked = {
        "status": "failed",
        "model": "sora-2-pro",
        "size": "720x1280",
        "seconds": "8",
        "favourite": "1",
        "tag": "autumn spot",
    }
    for name, value in asked.items():
        assert found(as_alice, **{name: value}) == ["odd"], name
    assert found(as_alice, **asked) == ["odd"]
    assert found(as_alice, **asked, q="plain") == []


def test_a_status_is_what_the_protocol_calls_it(as_alice, alice):
    for state in State:
        VideoFactory(owner=alice, prompt=state.value, state=state)
    assert found(as_alice, status="queued") == ["uncertain", "submitting", "queued"]
    assert found(as_alice, status="in_progress") == ["storing", "in_progress"]


def test_the_length_is_that_of_the_whole_film(as_alice, alice):
    VideoFactory(owner=alice, prompt="extended", seconds=4, source_seconds=8)
    VideoFactory(owner=alice, prompt="short", seconds=4)
    assert found(as_alice, seconds="12") == ["extended"]
    assert found(as_alice, seconds="4") == ["short"]


def test_days_are_whole_and_both_included(as_alice, alice):
    for day, hour in ((1, 23), (2, 0), (3, 23), (4, 0)):
        moment = datetime(2026, 3, day, hour, 30, tzinfo=UTC)
        VideoFactory(owner=alice, prompt=f"{day} March", created_at=moment)
    assert found(as_alice, since="2026-03-02", until="2026-03-03") == ["3 March", "2 March"]
    assert found(as_alice, since="2026-03-04") == ["4 March"]
    assert found(as_alice, until="2026-03-01") == ["1 March"]


@pytest.mark.parametrize(
    "asked",
    [
        {"status": "nonsense"},
        {"seconds": "-4"},
        {"seconds": "9" * 40},
        {"since": "2026-13-45"},
        {"until": "9999-12-31"},
        {"model": "a\x00b"},
        {"sort": "random"},
        {"q": "x" * 300},
        {"favourite": ""},
    ],
)
def test_what_makes_no_sense_counts_as_not_asked_for(as_alice, alice, asked):
    VideoFactory(owner=alice, prompt="here")
    assert found(as_alice, **asked) == ["here"]


def test_anothers_tag_finds_nothing(as_alice, alice, bob):
    VideoFactory(owner=alice)
    add_tag(bob, [VideoFactory(owner=bob)], "spot")
    response = as_alice.get(URL, {"tag": "spot"})
    assert response.context["videos"] == []
    assert counts(response, "tag") == {"spot": 0}


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("newest", ["c", "b", "a"]),
        ("oldest", ["a", "b", "c"]),
        ("longest", ["b", "c", "a"]),
        ("finished", ["a", "c", "b"]),
    ],
)
def test_it_sorts(as_alice, alice, sort, order):
    now = timezone.now()
    past = {"created_at": now - timedelta(hours=3), "state": State.COMPLETED}
    VideoFactory(owner=alice, prompt="a", seconds=4, finished_at=now, **past)
    VideoFactory(owner=alice, prompt="b", seconds=12, finished_at=now - timedelta(hours=2), **past)
    VideoFactory(owner=alice, prompt="c", seconds=8, finished_at=now - timedelta(hours=1), **past)
    assert found(as_alice, sort=sort) == order


@pytest.mark.parametrize("sort", ["newest", "oldest", "longest", "finished"])
def test_pages_of_every_order_lose_and_double_nothing(as_alice, alice, sort):
    now = timezone.now()
    for number in range(2 * PAGE_SIZE + 7):
        # Many equals, so that an order without a tie-break would show.
        moment = now - timedelta(hours=number % 3)
        fields = {"seconds": 4 * (1 + number % 3), "finished_at": moment, "created_at": moment}
        fields["rating"] = (None, 5, 3)[number % 3]
        VideoFactory(owner=alice, state=State.COMPLETED, prompt=f"odd {number}", **fields)
        VideoFactory(owner=alice, state=State.FAILED, prompt="never")
    down, below = [], ""
    while True:
        page = as_alice.get(URL, {"sort": sort, "q": "odd", "below": below}).context["page"]
        down.append([video.pk for video in page.videos])
        if not page.next_cursor:
            break
        below = page.next_cursor
    assert len({pk for pks in down for pk in pks}) == sum(map(len, down)) == 2 * PAGE_SIZE + 7
    up = as_alice.get(URL, {"sort": sort, "q": "odd", "above": page.previous_cursor}).context["page"]
    assert [video.pk for video in up.videos] == down[1]


def test_each_value_is_counted_beside_the_other_filters(as_alice, alice, bob):
    tagged = VideoFactory(owner=alice, state=State.COMPLETED, model="a", favourite=True)
    VideoFactory(owner=alice, state=State.FAILED, model="a")
    VideoFactory(owner=alice, state=State.COMPLETED, model="b")
    VideoFactory(owner=alice, state=State.COMPLETED, model="b", trashed_at=timezone.now())
    VideoFactory(owner=bob, model="c")
    add_tag(alice, [tagged], "spot")

    response = as_alice.get(URL, {"model": "a"})

    assert response.context["counts"].total == 2
    assert counts(response, "model") == {"a": 2, "b": 1}, "its own filter does not count"
    assert counts(response, "status") == {"completed": 1, "failed": 1}
    assert counts(response, "tag") == {"spot": 1}
    assert response.context["counts"].favourites == 1
    assert counts(as_alice.get(URL, {"model": "b"}), "tag") == {}
    assert counts(as_alice.get(URL, {"tag": "spot"}), "model") == {"a": 1}


def test_active_filters_are_links_that_remove_them(as_alice, alice):
    VideoFactory(owner=alice, prompt="A boat", model="a&b")
    page = as_alice.get(URL, {"q": "boat", "model": "a&b", "sort": "oldest"}).content.decode()
    assert f'href="{URL}?q=boat&amp;sort=oldest"' in page
    assert f'href="{URL}?model=a%26b&amp;sort=oldest"' in page
    assert "Clear all" in page
    assert "Clear all" not in as_alice.get(URL, {"sort": "oldest"}).content.decode()


def test_htmx_gets_the_part_it_asks_for(as_alice, alice):
    VideoFactory.create_batch(PAGE_SIZE + 1, owner=alice, state=State.COMPLETED)

    results = as_alice.get(f"{URL}?q=boat&model=", headers={**HTMX, "HX-Target": "results"})
    page = results.content.decode()
    assert "<html" not in page
    assert 'id="results"' in page
    assert 'id="filters"' in page
    assert results["HX-Push-Url"] == f"{URL}?q=boat"

    below = results.context["page"].next_cursor
    more = as_alice.get(URL, {"below": below}, headers={**HTMX, "HX-Target": "more"}).content.decode()
    assert more.count("<article") == 1
    assert 'id="results"' not in more

    filters = as_alice.get(URL, headers={**HTMX, "HX-Target": "filters"}).content.decode()
    assert 'id="filters"' in filters
    assert "<article" not in filters

    back = {**HTMX, "HX-Target": "results", "HX-History-Restore-Request": "true"}
    assert "<html" in as_alice.get(URL, headers=back).content.decode()


def test_more_filters_do_not_mean_more_queries(as_alice, alice, django_assert_num_queries):
    for number in range(12):
        fields = {"model": f"m{number}", "size": f"{number + 1}00x100", "seconds": number + 1}
        add_tag(alice, [VideoFactory(owner=alice, state=State.COMPLETED, **fields)], f"t{number}")
    as_alice.get(URL)
    with django_assert_num_queries(21):
        as_alice.get(URL)
    with django_assert_num_queries(8):  # one of them: of which date is the card that the page goes on from?
        as_alice.get(URL, {"below": "x"}, headers={**HTMX, "HX-Target": "more"})


def test_many_models_and_sizes_stand_in_groups(as_alice, alice):
    for number in range(20):
        model = f"{('google/veo', 'luma/ray')[number % 2]}-{number}"
        VideoFactory(owner=alice, model=model, size=f"{(16, 9)[number % 2] * 10 * (number + 1)}x1000")
    page = as_alice.get(URL).content.decode()
    assert page.count("<optgroup") == page.count("</optgroup>") >= 2
    models = page.partition('id="filter-model"')[2].partition("</select>")[0]
    assert models.count('<optgroup label="google/veo">') == 1
    assert models.count("<option") == 21
    assert "optgroup" not in page.partition('id="filter-seconds"')[2].partition("</select>")[0]


def test_a_few_models_are_a_plain_list(as_alice, alice):
    VideoFactory(owner=alice, model="google/veo-3")
    VideoFactory(owner=alice, model="luma/ray-2")
    assert "<optgroup" not in as_alice.get(URL).content.decode()
