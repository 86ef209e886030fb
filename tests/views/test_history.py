import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import ReferenceImageFactory, VideoFactory
from tests.views.page import HTMX
from videos.models import Kind, State
from videos.views import history
from videos.views.history import PAGE_SIZE

pytestmark = pytest.mark.django_db
URL, STUDIO = reverse("videos:history"), reverse("videos:studio")


def prompts(response) -> list[str]:
    return [video.prompt for video in response.context["videos"]]


def test_it_lists_each_of_ones_prompts_once_where_it_was_last_used(as_alice, alice, bob):
    VideoFactory(owner=alice, prompt="A fox")
    VideoFactory(owner=alice, prompt="A boat")
    again = VideoFactory(owner=alice, prompt="A fox", seconds=8)
    VideoFactory(owner=bob, prompt="A secret")
    VideoFactory(owner=bob, prompt="A fox")
    VideoFactory(owner=alice, prompt="Make it snow", kind=Kind.REMIX)
    VideoFactory(owner=alice, prompt="Deleted", deleted_at=timezone.now())
    response = as_alice.get(URL)
    assert prompts(response) == ["A fox", "A boat"]
    assert response.context["videos"][0] == again


def test_a_later_video_of_another_or_a_deleted_one_hides_nothing(as_alice, alice):
    kept = VideoFactory(owner=alice, prompt="A fox")
    VideoFactory(owner=alice, prompt="A fox", deleted_at=timezone.now())
    assert list(as_alice.get(URL).context["videos"]) == [kept]


def test_it_pages_without_losing_or_repeating_one(as_alice, alice):
    for number in range(2 * PAGE_SIZE + 3):
        VideoFactory(owner=alice, prompt=f"Prompt {number % (2 * PAGE_SIZE + 1)}")
    seen, before = [], ""
    while True:
        response = as_alice.get(URL, {"before": before} if before else {})
        seen += prompts(response)
        before = response.context["older"]
        if not before:
            break
    assert len(seen) == len(set(seen)) == 2 * PAGE_SIZE + 1
    assert seen[0] == "Prompt 1"
    assert "Newest" in response.content.decode()


def test_it_takes_them_from_ones_latest_videos(as_alice, alice, bob, monkeypatch):
    monkeypatch.setattr(history, "MAX_READ", 2)
    for owner, prompt in ((alice, "Oldest"), (alice, "A fox"), (bob, "A secret"), (alice, "A boat")):
        VideoFactory(owner=owner, prompt=prompt)
    assert prompts(as_alice.get(URL)) == ["A boat", "A fox"]


def test_it_searches_every_word(as_alice, alice):
    VideoFactory(owner=alice, prompt="A red fox on snow")
    VideoFactory(owner=alice, prompt="A red boat")
    response = as_alice.get(URL, {"q": "RED snow\x00"}, headers=HTMX)
    assert prompts(response) == ["A red fox on snow"]
    assert "<html" not in response.content.decode()
    assert "No prompts match “zebra”" in as_alice.get(URL, {"q": "zebra"}).content.decode()


def test_a_search_goes_on_to_its_next_page(as_alice, alice):
    for number in range(PAGE_SIZE + 1):
        VideoFactory(owner=alice, prompt=f"Fox {number} & co")
    VideoFactory(owner=alice, prompt="A boat")
    response = as_alice.get(URL, {"q": "fox &"})
    older = response.context["older"]
    assert f"?q=fox%20%26&amp;before={older}" in response.content.decode()
    assert prompts(as_alice.get(URL, {"q": "fox &", "before": older})) == ["Fox 0 & co"]


@pytest.mark.parametrize("value", ["", "x", "\x00", "video_" + "z" * 500])
def test_a_bad_place_means_the_first_page(as_alice, alice, value):
    VideoFactory(owner=alice, prompt="A fox")
    assert prompts(as_alice.get(URL, {"before": value})) == ["A fox"]


def test_it_needs_as_many_queries_for_one_as_for_a_page(as_alice, alice, django_assert_num_queries):
    VideoFactory(owner=alice)
    as_alice.get(URL)
    with django_assert_num_queries(9) as few:
        as_alice.get(URL)
    VideoFactory.create_batch(15, owner=alice, state=State.COMPLETED)
    with django_assert_num_queries(len(few)):
        as_alice.get(URL)


def test_the_studios_dialog_fills_the_form_in_place(as_alice, alice):
    video = VideoFactory(owner=alice, prompt="A fox")
    page = as_alice.get(URL, {"picking": "1", "q": "fox"}, headers=HTMX).content.decode()
    assert f'hx-get="{STUDIO}?prompt_of={video.public_id}" data-template' in page
    assert f'hx-get="{STUDIO}?like={video.public_id}" data-template' in page
    assert "Show all" not in as_alice.get(URL, {"picking": "1", "q": "x"}, headers=HTMX).content.decode()
    for plain in (as_alice.get(URL, headers=HTMX), as_alice.get(URL, {"picking": "1"})):
        assert 'hx-get="/?' not in plain.content.decode(), "there is no form to fill on the page of its own"


def test_the_dialog_goes_on_with_items_alone(as_alice, alice):
    for number in range(PAGE_SIZE + 2):
        VideoFactory(owner=alice, prompt=f"Fox {number} & co")
    first = as_alice.get(URL, {"picking": "1", "q": "fox &"}, headers=HTMX)
    older = first.context["older"]
    assert f'hx-get="{URL}?picking=1&amp;q=fox%20%26&amp;before={older}"' in first.content.decode()
    page = as_alice.get(URL, {"picking": "1", "q": "fox &", "before": older}, headers=HTMX).content.decode()
    assert page.count('<li class="prompt-item"') == 2
    assert page.count("<li") == 2, "there is nothing older"
    assert 'id="results"' not in page


def test_the_studio_asks_for_no_prompt_before_the_dialog_is_opened(as_alice, alice):
    VideoFactory(owner=alice, prompt="A quokka", trashed_at=timezone.now())
    page = as_alice.get(STUDIO).content.decode()
    assert f'<a href="{URL}" data-dialog="history">' in page
    assert "A quokka" not in page


def test_it_is_for_those_who_are_signed_in(client, as_alice):
    assert client.get(URL).url == f"{reverse('account_login')}?next={URL}"
    assert as_alice.post(URL).status_code == 405


def test_a_prompt_is_used_over_what_is_chosen(as_alice, alice):
    video = VideoFactory(owner=alice, prompt="A {fox}", seconds=12)
    query = {"prompt_of": video.public_id, "seconds": "8", "size": "720x1280", "model": "sora-2-pro"}
    assert as_alice.get(STUDIO, query).context["composer"].form.initial == {
        "characters": [],
        "prompt": "A {fox}",
        "takes": "1",
        "model": "sora-2-pro",
        "seconds": "8",
        "size": "720x1280",
        "parameters": {},
    }
    assert f"{STUDIO}?prompt_of={video.public_id}" in as_alice.get(URL).content.decode()


def test_all_settings_are_used(as_alice, alice):
    image = ReferenceImageFactory(owner=alice)
    video = VideoFactory(
        owner=alice, prompt="A fox", seconds=12, size="720x1280", model="sora-2-pro", reference=image
    )
    assert as_alice.get(STUDIO, {"like": video.public_id}).context["composer"].form.initial == {
        "characters": [],
        "fit": "crop",
        "reference": image.public_id,
        "prompt": "A fox",
        "takes": "1",
        "model": "sora-2-pro",
        "seconds": "12",
        "size": "720x1280",
        "parameters": {},
        "references": [],
    }
    assert f"{STUDIO}?like={video.public_id}" in as_alice.get(URL).content.decode()


@pytest.mark.parametrize("name", ["like", "prompt_of"])
def test_anothers_video_fills_nothing_in(as_bob, alice, name):
    video = VideoFactory(owner=alice, prompt="A secret")
    for value in (video.public_id, "\x00", "x" * 99):
        response = as_bob.get(STUDIO, {name: value})
        assert response.context["composer"].form.initial["prompt"] == ""
