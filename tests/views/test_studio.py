import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import BackendFactory, VideoFactory
from tests.views.page import HTMX
from videos.models import Backend, Character, PromptTemplate, State, VideoModel

pytestmark = pytest.mark.django_db
URL = reverse("videos:studio")


def cards(response) -> list[str]:
    """The videos that are drawn, rows before cards."""
    stacked = [take for stack in response.context["stacks"] for take in stack.takes]
    return [video.public_id for video in (*response.context["waiting_videos"], *stacked)]


def test_it_shows_the_newest_twelve_and_all_in_flight(as_alice, alice, bob):
    waiting = VideoFactory(owner=alice, state=State.QUEUED)
    VideoFactory(owner=alice, state=State.COMPLETED)
    newest = VideoFactory.create_batch(12, owner=alice, state=State.COMPLETED)
    VideoFactory(owner=bob)
    VideoFactory(owner=alice, deleted_at=timezone.now())
    shown = [waiting, *reversed(newest)]
    assert cards(as_alice.get(URL)) == [video.public_id for video in shown]


def test_a_batch_of_many_is_counted_instead_of_drawn(as_alice, alice, bob):
    batch = VideoFactory.create_batch(70, owner=alice, state=State.QUEUED)
    VideoFactory.create_batch(60, owner=bob, state=State.QUEUED)

    response = as_alice.get(URL)

    next_in_turn = batch[:48]
    assert cards(response) == [video.public_id for video in next_in_turn]
    assert "All 70 in the queue" in response.content.decode()


def test_what_waits_takes_no_pictures_place(as_alice, alice):
    made = VideoFactory.create_batch(12, owner=alice, state=State.COMPLETED)
    waiting = VideoFactory.create_batch(20, owner=alice, state=State.QUEUED)

    response = as_alice.get(URL)

    shown = [*waiting, *reversed(made)]
    assert cards(response) == [video.public_id for video in shown]
    assert response.content.decode().count("card--waiting") == 20


def test_it_does_not_ask_again_when_nothing_is_in_flight(as_alice, alice):
    VideoFactory(owner=alice, state=State.COMPLETED)
    assert 'hx-trigger="every 2s' not in as_alice.get(URL).content.decode()
    VideoFactory(owner=alice, state=State.QUEUED)
    assert 'hx-trigger="every 2s' in as_alice.get(URL).content.decode()


def test_a_template_fills_the_form(as_alice):
    template = PromptTemplate.objects.get(title="City at dawn")
    page = as_alice.get(URL, {"template": template.pk}).content.decode()
    assert f"{template.parsed.preview({})}</textarea>" in page
    assert 'name="size" value="1792x1024" checked disabled' in page
    assert re.search(r'name="ratio" id="ratio-1" value="16:9" checked', page)
    assert re.search(r'value="1024p" data-sizes="[^"]*" checked', page)


def test_a_template_leaves_alone_what_it_does_not_say(as_alice):
    template = PromptTemplate.objects.create(title="Bare", prompt="Only words")
    chosen = {"template": template.pk, "model": "sora-2-pro", "seconds": "12"}
    chosen |= {"ratio": "9:16", "resolution": "720p"}
    response = as_alice.get(URL, chosen, headers=HTMX)
    page = response.content.decode()
    assert "<html" not in page
    assert "hx-preserve" in page, "the image chosen in the page must stay"
    assert "HX-Request" in response["Vary"]
    for value in ("sora-2-pro", "12", "9:16", "720p", "720x1280"):
        assert " checked" in page.partition(f'value="{value}"')[2].partition(">")[0]


@pytest.mark.parametrize("number", ["0", "x", "-1", "9" * 30, "\x00", "²"])
def test_a_template_that_is_not_there_changes_nothing(as_alice, number):
    response = as_alice.get(URL, {"template": number})
    assert response.status_code == 200
    assert response.context["composer"].form.initial["prompt"] == ""


def test_a_template_that_is_switched_off_is_not_offered(as_alice):
    PromptTemplate.objects.exclude(title="Quiet nature").update(enabled=False)
    off = PromptTemplate.objects.get(title="City at dawn")
    response = as_alice.get(URL, {"template": off.pk})
    assert "Quiet nature" in response.content.decode()
    assert "City at dawn" not in response.content.decode()
    assert response.context["composer"].form.initial["prompt"] == ""


def test_the_prompt_cannot_break_out_of_the_page(as_alice, alice):
    VideoFactory(owner=alice, prompt='</textarea><script>alert("1")</script>" onload="x')
    page = as_alice.get(URL).content.decode()
    assert "<script>alert" not in page
    assert '" onload="' not in page


def test_it_needs_as_many_queries_for_one_as_for_thirty(as_alice, alice, django_assert_num_queries):
    first = VideoFactory(owner=alice)
    states = (State.IN_PROGRESS, State.QUEUED, State.FAILED)
    for state in states:
        VideoFactory(owner=alice, backend=first.backend, state=state)
    as_alice.get(URL)  # the first page of all makes the simulator's row
    cache.clear()
    with django_assert_num_queries(24) as few:
        as_alice.get(URL)
    for state in states:
        VideoFactory.create_batch(10, owner=alice, backend=first.backend, state=state, seconds=8)
    cache.clear()
    with django_assert_num_queries(len(few)):
        as_alice.get(URL)


def test_more_characters_need_no_more_queries(as_alice, alice, django_assert_num_queries):
    as_alice.get(URL)
    backend = Backend.objects.for_environment()
    with django_assert_num_queries(14):
        as_alice.get(URL)
    for number in range(10):
        Character.objects.create(
            owner=alice, name=f"Ada {number}", backend=backend, backend_character_id=f"c{number}"
        )
    with django_assert_num_queries(14):
        page = as_alice.get(URL).content.decode()
    assert page.count('name="characters"') == 10


def test_a_characters_name_cannot_break_out_of_the_page(as_alice, alice):
    backend = Backend.objects.for_environment()
    name = '"><script>alert(1)</script>'
    Character.objects.create(owner=alice, name=name, backend=backend, backend_character_id="c")
    page = as_alice.get(URL).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_without_characters_there_is_nothing_to_choose(as_alice, bob):
    backend = Backend.objects.for_environment()
    Character.objects.create(owner=bob, name="Theirs", backend=backend, backend_character_id="c")
    page = as_alice.get(URL).content.decode()
    assert 'name="characters"' not in page
    assert "Theirs" not in page


def test_a_template_leaves_the_characters_chosen(as_alice, alice):
    backend = Backend.objects.for_environment()
    ada = Character.objects.create(owner=alice, name="Ada", backend=backend, backend_character_id="c")
    template = PromptTemplate.objects.get(title="City at dawn")
    chosen = {"template": template.pk, "characters": [ada.public_id, "char_nobody"]}
    page = as_alice.get(URL, chosen, headers=HTMX).content.decode()
    assert " checked" in page.partition(f'value="{ada.public_id}"')[2].partition(">")[0]
    assert "char_nobody" not in page


def test_the_fit_stands_beside_the_file(as_alice):
    page = as_alice.get(URL).content.decode()
    slot = page.partition('id="reference"')[2].partition("composer__settings")[0]
    assert 'name="fit" value="crop" checked' in slot
    assert 'name="fit" value="pad"' in slot


def test_it_says_demo_only_in_demo_mode(as_alice, as_carol, settings):
    for_all, for_staff = (client.get(URL).content.decode() for client in (as_alice, as_carol))
    assert ">Demo</span>" in for_all
    assert "Demo mode" not in for_all  # who can do nothing about it is not told at length
    assert "Demo mode" in for_staff
    assert "be generated.</strong>" not in for_all + for_staff
    settings.BACKEND_URL = "http://videos.example/v1"
    for client in (as_alice, as_carol):
        page = client.get(URL).content.decode()
        assert "Demo mode" not in page
        assert ">Demo</span>" not in page


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/", "Studio"),
        ("/history/", "Studio"),
        ("/models/", "Studio"),
        ("/library/", "Library"),
        ("/library/expiring", "Library"),
        ("/trash/", "Library"),
        ("/trash/empty", "Library"),
        ("/compare", "Library"),
        ("/videos/video_unknown/", "Library"),
        ("/collections/", "Collections"),
        ("/collections/new", "Collections"),
        ("/batches/new", "Batches"),
        ("/queue/", "Queue"),
        ("/templates/new", "Templates"),
        ("/references/", "References"),
        ("/spend/", None),
    ],
)
def test_the_header_says_in_which_part_one_is(as_alice, path, part):
    header = as_alice.get(path).content.decode().partition("</nav>")[0]
    marked = re.findall(r'aria-current="(?:page|true)">([^<]+)<', header)
    assert marked == ([part] if part else [])


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/spend/", "Spend"),
        ("/accounts/sessions/", "Account"),
        ("/batches/new", "Batches"),
        ("/library/", ""),
    ],
)
def test_the_menu_says_so_of_what_it_leads_to(as_alice, path, part):
    menu = as_alice.get(path).content.decode().partition("</nav>")[2].partition("</header>")[0]
    marked = re.findall(r'aria-current="(?:page|true)">([^<]+)<', menu)
    assert [each.strip() for each in marked] == ([part] if part else [])


def test_it_says_that_openais_own_address_is_gone_and_what_to_set(as_alice, settings):
    settings.BACKEND_KEY = "sk"
    page = as_alice.get(URL).content.decode()
    assert "OpenAI shut down this API" in page
    assert "Set <code>BACKEND_URL</code>" in page
    assert "Demo mode" not in page


def test_a_key_alone_is_no_trouble_beside_another_backend(as_alice, settings):
    settings.BACKEND_KEY = "sk"
    BackendFactory().models.set(VideoModel.objects.all())
    page = as_alice.get(URL).content.decode()
    assert "OpenAI's own address" not in page
    assert "Demo mode" not in page


def test_it_says_that_nothing_is_enabled_and_staff_where_to_change_it(as_alice, as_carol):
    Backend.objects.for_environment()
    Backend.objects.update(enabled=False)
    page = as_alice.get(URL).content.decode()
    assert "No backend is enabled" in page
    assert reverse("admin:videos_backend_changelist") not in page
    assert reverse("admin:videos_backend_changelist") in as_carol.get(URL).content.decode()


def test_the_button_says_the_price_of_what_is_chosen(as_alice):
    BackendFactory().models.set(VideoModel.objects.all())
    page = as_alice.get(URL, {"model": "sora-2-pro", "seconds": "12", "size": "1792x1024"}).content.decode()
    assert "data-price>$6.00</span>" in page
    assert "data-price-note hidden" in page


def test_the_simulator_is_free_and_the_button_says_no_price(as_alice):
    page = as_alice.get(URL).content.decode()
    assert "data-price hidden>$0.40</span>" in page
    assert "data-price-note>Free in demo</p>" in page


def test_the_button_has_no_price_where_there_is_none(as_alice):
    VideoModel.objects.update(price_per_second={})
    page = as_alice.get(URL).content.decode()
    assert "data-price hidden></span>" in page
    assert "$" not in page.replace('data-currency-sign="$"', "")
    assert "data-price-note hidden" in page


def test_the_backends_name_is_shown_only_where_there_are_several(as_alice):
    sora, pro = VideoModel.objects.all()
    one, other = BackendFactory(name="Box one"), BackendFactory(name="Box two")
    one.models.set([sora, pro])
    assert "Box one" not in as_alice.get(URL).content.decode()
    other.models.set([sora])
    assert "Box one" not in as_alice.get(URL).content.decode()  # it still makes everything
    one.models.set([pro])
    page = as_alice.get(URL).content.decode()
    assert "Box one" in page
    assert "Box two" in page


def test_only_staff_see_the_way_to_the_admin(as_alice, as_carol):
    assert reverse("admin:index") not in as_alice.get(URL).content.decode()
    assert reverse("admin:index") in as_carol.get(URL).content.decode()


@pytest.mark.parametrize("state", State.values)
def test_every_state_has_a_card_without_inline_code(as_alice, alice, state):
    VideoFactory(owner=alice, state=state, cancel_requested_at=None)
    page = as_alice.get(reverse("videos:library")).content.decode()
    assert f"card--{state}" in page
    assert " style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page
    assert all(" src=" in tag for tag in page.split("<script")[1:])


def test_it_shows_what_waits_for_a_decision(as_alice, alice):
    VideoFactory(owner=alice, state=State.UNCERTAIN, due_at=None)
    assert "Needs attention" in as_alice.get(URL).content.decode()


def test_it_never_makes_up_a_percentage(as_alice, alice):
    VideoFactory(owner=alice, state=State.IN_PROGRESS, progress=None)
    page = as_alice.get(URL).content.decode()
    assert "aria-valuenow" not in page
    assert "progress--unknown" in page
    VideoFactory(owner=alice, state=State.IN_PROGRESS, progress=42)
    assert 'aria-valuenow="42"' in as_alice.get(URL).content.decode()


def test_it_counts_from_when_the_step_began(as_alice, alice):
    began = timezone.now() - timedelta(seconds=83)
    VideoFactory(owner=alice, state=State.IN_PROGRESS, accepted_at=began)
    assert f'data-since="{began.isoformat()}"' in as_alice.get(URL).content.decode()


def test_a_fragment_sends_the_whole_page_to_the_sign_in():
    response = Client().get(URL, headers={**HTMX, "HX-Current-URL": "http://testserver/library/?before=x"})
    assert response.status_code == 200
    assert response["HX-Redirect"] == reverse("account_login") + "?next=/library/"
    assert response.content == b""


def test_no_shared_cache_keeps_it(as_alice):
    assert as_alice.get(URL)["Cache-Control"] == "private, no-cache"


def test_what_was_canceled_leaves_the_studio_and_stays_in_the_library(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.CANCELED)
    assert video.public_id not in as_alice.get(URL).content.decode()
    assert video.public_id in as_alice.get(reverse("videos:library")).content.decode()
