"""The list of models: what is in it, in which order, and how it leads back to the studio."""

import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.factories import BackendFactory, VideoFactory
from tests.views.page import GOOD, HTMX
from videos.models import Backend, Video, VideoModel

pytestmark = pytest.mark.django_db
STUDIO, MODELS = reverse("videos:studio"), reverse("videos:models")
SETTINGS, FAVOURITE = reverse("videos:model_settings"), reverse("videos:model_favourite")


def add_models(count: int, backend: Backend | None = None, **fields: object) -> list[VideoModel]:
    """Let the backend, or the simulator, serve so many more models."""
    backend = backend or Backend.objects.for_environment()
    start = VideoModel.objects.count()
    made = VideoModel.objects.bulk_create(
        VideoModel(
            name=f"acme/{('veo', 'wan', 'ray')[number % 3]}-{number}",
            label=f"Model {number}",
            position=number,
            **{
                "sizes": ["1920x1080", "1080x1920", "1000x300"],
                "seconds": [5, 10],
                "price_per_second": {"*": "0.10"},
                **fields,
            },
        )
        for number in range(start, start + count)
    )
    backend.models.add(*made)
    return made


def names(page: str) -> list[str]:
    return re.findall(r'(?:data-choose|name="choose" value)="([^"]+)"', page)


def headings(page: str) -> list[str]:
    return re.findall(r"<h3>([^<]+)</h3>", page)


# --- In the studio -----------------------------------------------------------------------------------------


def test_up_to_five_models_are_a_row_of_buttons(as_alice):
    add_models(3)
    page = as_alice.get(STUDIO).content.decode()
    assert len(re.findall(r'type="radio" name="model"', page)) == 5
    assert "pick_model" not in page
    assert "model-dialog" not in page


def test_more_are_chosen_from_a_list(as_alice):
    add_models(4)
    page = as_alice.get(STUDIO).content.decode()
    assert re.findall(r'type="radio" name="model" id="model-1" value="([^"]+)"', page) == ["sora-2"]
    assert len(re.findall(r'type="radio" name="model"', page)) == 1
    assert "<span>6 models</span>" in page
    assert 'id="model-dialog"' in page


def test_only_what_the_model_has_can_be_chosen(as_alice):
    add_models(6)
    page = as_alice.get(SETTINGS, {"choose": "acme/veo-3"}, headers=HTMX).content.decode()
    assert re.findall(r'name="seconds" id="[^"]+" value="(\d+)"', page) == ["5", "10"]
    assert re.findall(r'name="ratio" id="[^"]+" value="([^"]+)"', page) == ["16:9", "9:16", "other"]
    assert re.findall(r'name="resolution" id="[^"]+" value="([^"]+)"', page) == ["1000x300", "1080p"]


def test_another_model_keeps_the_nearest_and_says_what_changed(as_alice):
    add_models(6)
    sent = {"model": "sora-2", "choose": "acme/veo-3", "seconds": "8", "ratio": "9:16", "resolution": "720p"}
    page = as_alice.get(SETTINGS, sent, headers=HTMX).content.decode()
    assert re.search(r'value="acme/veo-3"[^>]* checked', page)
    assert re.search(r'name="seconds" id="seconds-10" value="10" checked', page)
    assert 'name="size" value="1080x1920" checked' in page
    assert "Model 3 has other settings: 8 s is now 10 s, 9:16 at 720p is now 9:16 at 1080p." in page


def test_a_model_with_the_same_settings_says_nothing(as_alice):
    sent = {"model": "sora-2", "choose": "sora-2-pro", "seconds": "8", "ratio": "9:16", "resolution": "720p"}
    page = as_alice.get(SETTINGS, sent, headers=HTMX).content.decode()
    assert "has other settings" not in page
    assert 'role="status" hidden' in page


@pytest.mark.parametrize(
    "data",
    [
        {"choose": "gone"},
        {"choose": "x" * 5000},
        {"choose": "a\x00b", "ratio": "\x00", "resolution": "9" * 900},
        {"seconds": "9" * 50, "ratio": "0:0", "resolution": "0p"},
        {"seconds": "²", "model": "", "size": "x"},
    ],
)
def test_settings_of_nonsense_are_those_of_the_default_model(as_alice, data):
    add_models(6)
    page = as_alice.get(SETTINGS, data).content.decode()
    assert re.search(r'value="sora-2"[^>]* checked', page)
    assert 'name="size" value="1280x720" checked' in page or "ratio" in data or "size" in data


def test_a_video_is_made_of_ratio_and_resolution(as_alice):
    sent = {**GOOD, "ratio": "9:16", "resolution": "720p"}
    sent.pop("size")
    assert as_alice.post(STUDIO, sent).status_code == 302
    assert Video.objects.get().size == "720x1280"


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        ({"ratio": "1:1", "resolution": "720p"}, "ratio", "Sora 2 supports these ratios: 16:9, 9:16."),
        ({"ratio": "16:9", "resolution": "4k"}, "size", "Sora 2 at 16:9 supports these resolutions: 720p"),
        ({"ratio": "16:9", "resolution": "x\x00"}, "size", "Null characters are not allowed"),
    ],
)
def test_what_the_model_does_not_have_is_told_at_its_group(as_alice, sent, field, message):
    response = as_alice.post(STUDIO, {**GOOD, "size": "", **sent})
    page = response.content.decode()
    assert response.status_code == 422
    assert message in page.partition(f'id="{field}-error"')[2].partition("</p>")[0]
    assert page.count('class="field-error"') == 1
    assert not Video.objects.exists()


def test_to_make_another_keeps_an_odd_size(as_alice, alice):
    add_models(6)
    backend = Backend.objects.for_environment()
    video = VideoFactory(owner=alice, backend=backend, model="acme/veo-3", seconds=10, size="1000x300")
    page = as_alice.get(STUDIO, {"like": video.public_id}).content.decode()
    assert 'name="size" value="1000x300" checked' in page
    assert re.search(r'name="ratio" id="ratio-3" value="other" checked', page)
    assert re.search(r'value="1000x300" data-sizes="[^"]+" checked', page)


def test_the_page_costs_the_same_queries_with_five_hundred_models(as_alice, django_assert_num_queries):
    add_models(6)
    as_alice.get(STUDIO)
    cache.clear()
    with django_assert_num_queries(15) as few:
        first = as_alice.get(STUDIO)
    add_models(500)
    cache.clear()
    with django_assert_num_queries(len(few)):
        second = as_alice.get(STUDIO)
    assert len(second.content) < len(first.content) + 100


# --- The list ----------------------------------------------------------------------------------------------


def test_favourites_and_those_used_last_come_first(as_alice, alice, bob):
    made = add_models(9)
    backend = Backend.objects.for_environment()
    for name in (made[4].name, made[1].name, made[4].name):
        VideoFactory(owner=alice, backend=backend, model=name)
    VideoFactory(owner=bob, backend=backend, model=made[7].name)
    made[2].favourite_of.add(alice)
    made[3].favourite_of.add(bob)
    VideoModel.objects.filter(pk=made[6].pk).update(studio_favourite=True)

    page = as_alice.get(MODELS, headers=HTMX).content.decode()

    assert headings(page) == [
        "Last used",
        "Your favourites",
        "Studio favourites",
        "acme/ray",
        "acme/veo",
        "acme/wan",
        "sora",
    ]
    assert names(page)[:4] == [made[4].name, made[1].name, made[2].name, made[6].name]
    assert len(names(page)) == len(set(names(page))) == 11


def test_each_says_what_it_takes_and_costs(as_alice):
    add_models(6, BackendFactory(name="Box"), has_sound=True, takes_reference=True)
    page = as_alice.get(MODELS, {"q": "veo-3"}, headers=HTMX).content.decode()
    for fact in ("$0.10 a second", "5, 10 s", "1080p 16:9 9:16", "First frame", "Sound"):
        assert fact in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("VEO-3", ["acme/veo-3"]),
        ("model 4", ["acme/wan-4"]),
        ("acme nobody", []),
        ("sora pro", ["sora-2-pro"]),
        ("%", []),
        ("\x00", None),
    ],
)
def test_it_is_searched_by_words(as_alice, query, found):
    add_models(6)
    response = as_alice.get(MODELS, {"q": query}, headers=HTMX)
    assert response.status_code == 200
    page = response.content.decode()
    assert names(page) == found if found is not None else len(names(page)) == 8
    if found == []:
        assert "No model matches" in page


def test_a_long_list_comes_in_pages(as_alice):
    add_models(250)
    first = as_alice.get(MODELS, headers=HTMX).content.decode()
    assert len(names(first)) == 100
    following = re.search(r'hx-get="([^"]+)" hx-trigger="intersect once"', first)[1].replace("&amp;", "&")
    second = as_alice.get(following, headers=HTMX).content.decode()
    assert 'id="model-list"' not in second
    third = as_alice.get(f"{MODELS}?from=200", headers=HTMX).content.decode()
    assert "intersect once" not in third
    assert len({*names(first), *names(second), *names(third)}) == 252
    for nonsense in ("x", "-1", "9" * 40, "²"):
        assert as_alice.get(MODELS, {"from": nonsense}, headers=HTMX).status_code == 200


def test_a_models_name_cannot_break_out_of_the_page(as_alice):
    add_models(6)
    VideoModel.objects.filter(name="acme/veo-3").update(
        name='a"><script>alert(1)</script>', label="<b>bold</b>", description='" onload="x'
    )
    for page in (as_alice.get(MODELS, headers=HTMX), as_alice.get(MODELS), as_alice.get(STUDIO)):
        text = page.content.decode()
        assert "<script>alert" not in text
        assert "<b>bold" not in text
        assert " style=" not in text


def test_a_model_that_is_not_offered_is_not_listed(as_alice):
    off, elsewhere = add_models(2)
    VideoModel.objects.filter(pk=off.pk).update(enabled=False)
    elsewhere.backends.clear()
    assert names(as_alice.get(MODELS, headers=HTMX).content.decode()) == ["sora-2", "sora-2-pro"]


# --- Favourites --------------------------------------------------------------------------------------------


def test_a_star_adds_and_removes_a_favourite_of_ones_own(as_alice, alice, bob):
    (model,) = add_models(1)
    for _ in range(2):
        page = as_alice.post(FAVOURITE, {"name": model.name, "on": "1"}, headers=HTMX).content.decode()
        assert 'aria-pressed="true"' in page
        assert list(model.favourite_of.all()) == [alice]
    page = as_alice.post(FAVOURITE, {"name": model.name, "on": "0"}, headers=HTMX).content.decode()
    assert 'aria-pressed="false"' in page
    assert not model.favourite_of.exists()


def test_without_a_script_a_star_leads_back_to_the_list(as_alice, alice):
    (model,) = add_models(1)
    referer = f"http://testserver{MODELS}?q=veo"
    response = as_alice.post(FAVOURITE, {"name": model.name, "on": "1"}, headers={"Referer": referer})
    assert response.status_code == 302
    assert response.url == referer
    assert model.favourite_of.filter(pk=alice.pk).exists()


@pytest.mark.parametrize("name", ["", "gone", "a\x00b", "x" * 5000])
def test_a_model_that_is_not_there_cannot_be_a_favourite(as_alice, name):
    assert as_alice.post(FAVOURITE, {"name": name, "on": "1"}).status_code == 404


def test_wrong_methods_and_strangers_change_nothing(as_alice):
    (model,) = add_models(1)
    assert as_alice.get(FAVOURITE).status_code == 405
    assert as_alice.post(MODELS).status_code == 405
    assert as_alice.post(SETTINGS).status_code == 405
    assert Client().post(FAVOURITE, {"name": model.name, "on": "1"}).status_code == 302
    assert not model.favourite_of.exists()


# --- Without JavaScript ------------------------------------------------------------------------------------


def test_the_list_as_a_page_brings_back_what_was_typed(as_alice):
    add_models(6)
    typed = {
        "prompt": 'A "fox" & a kite',
        "model": "sora-2",
        "seconds": "8",
        "ratio": "9:16",
        "resolution": "720p",
        "takes": "2",
        "fit": "pad",
    }
    page = as_alice.post(STUDIO, {**typed, "pick_model": "1", "q": "veo"}).content.decode()
    assert not Video.objects.exists()
    assert names(page) == ["acme/veo-3", "acme/veo-6"]
    assert FAVOURITE not in page, "a star would lead away from what was typed"
    kept = dict(
        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.partition("</form>")[2])
    )
    assert kept["prompt"] == "A &quot;fox&quot; &amp; a kite"
    assert "form_key" not in kept

    page = as_alice.post(STUDIO, {**typed, "choose": "acme/veo-3"}).content.decode()

    assert "A &quot;fox&quot; &amp; a kite</textarea>" in page
    assert 'name="size" value="1080x1920" checked' in page
    assert 'name="fit" value="pad" checked' in page
    assert re.search(r'name="takes" value="2" checked', page)
    assert "8 s is now 10 s" in page
    assert not Video.objects.exists()


def test_from_the_page_alone_a_model_leads_to_the_studio(as_alice):
    add_models(6)
    page = as_alice.get(MODELS, {"q": "veo-3"}).content.decode()
    assert '<form id="choose-model" method="get"' in page
    assert names(page) == ["acme/veo-3"]
    page = as_alice.get(STUDIO, {"choose": "acme/veo-3"}).content.decode()
    assert re.search(r'value="acme/veo-3"[^>]* checked', page)


def test_of_a_few_models_another_ones_settings_can_be_shown(as_alice):
    VideoModel.objects.filter(name="sora-2-pro").update(seconds=[16])
    page = as_alice.get(STUDIO).content.decode()
    assert '<button class="button no-script" name="choose" value="">' in page
    page = as_alice.post(STUDIO, {**GOOD, "model": "sora-2-pro", "choose": ""}).content.decode()
    assert 'id="seconds-16" value="16" checked' in page
    assert not Video.objects.exists()
