"""Searches mean the same in every place: words in any order, all of them, whatever their case and accents."""

# ruff: noqa: RUF001  # letters that look alike are what this is about

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from videos.models import Character, PromptTemplate, ReferenceImage, Video, VideoModel
from videos.models.search_text import folded_text
from videos.services.generation_requests import GenerationRequest
from videos.services.references import rename_reference
from videos.services.videos import create_videos

pytestmark = pytest.mark.django_db

TEXTS = [
    "Ein Café in Zürich, ÉTÉ",
    "Die große Straße",
    "İstanbul at dusk",
    "100% ＣＯＴＴＯＮ",
    "東京の夜 🦊 sci-fi",
]
QUERIES = [
    ("été", [0]),
    ("zurich cafe", [0]),
    ("CAFÉ EIN", [0]),
    ('"cafe in zurich"', [0]),
    ('"zurich cafe"', []),
    ("STRASSE GROSSE", [1]),
    ("straße", [1]),
    ("istanbul", [2]),
    ("İSTANBUL DUSK", [2]),
    ("cotton 100%", [3]),
    ("ｃｏｔｔｏｎ", [3]),
    ("%_", []),
    ("cafe istanbul", []),
    ("asse", [1]),
    ("straß* tanbul*", []),
    ("straß*", [1]),
    ("東京", [4]),
    ("京の夜 sci-fi", [4]),
    ("🦊", [4]),
    ("が", []),
    ("京", [4]),
    ("-zürich -ISTANBUL", [1, 3, 4]),
    ("in -cafe", []),
    ('-"die grosse" asse', []),
    ('-"grosse die" asse', [1]),
    ("-🦊 -%", [0, 1, 2]),
    ("  ", [0, 1, 2, 3, 4]),
    ("' OR 1=1 --", []),
]

Found = Callable[[str], set[str]]


def _fill(owner: User, text: str, place: str) -> None:
    if place in ("references", "admin references"):
        ReferenceImageFactory(owner=owner, name=text)
    elif place in ("templates", "admin templates"):
        PromptTemplate.objects.create(owner=owner, title=text.split()[0], prompt=text.partition(" ")[2])
    elif place == "admin characters":
        Character.objects.create(owner=owner, backend=BackendFactory(), name=text)
    elif place == "admin models":
        VideoModel.objects.create(name=f"m{TEXTS.index(text)}", label=text, sizes=[], seconds=[])
    elif place == "admin users":
        User.objects.create(username=f"u{TEXTS.index(text)}", first_name=text)
    else:  # the administration searches ids, too: a random one may have any short word in it
        VideoFactory(owner=owner, prompt=text, public_id=f"video_{TEXTS.index(text)}")


def _admin(model: str, read: Callable[[Any], str]) -> Callable[[Client, str], list[str]]:
    def found(client: Client, query: str) -> list[str]:
        page = client.get(reverse(f"admin:{model}_changelist"), {"q": query})
        return [read(row) for row in page.context["cl"].result_list]

    return found


def _template_text(template: PromptTemplate) -> str:
    return f"{template.title} {template.prompt}"


PLACES: dict[str, Callable[[Client, str], list[str]]] = {
    "library": lambda client, q: [
        video.prompt for video in client.get(reverse("videos:library"), {"q": q}).context["videos"]
    ],
    "history": lambda client, q: [
        video.prompt for video in client.get(reverse("videos:history"), {"q": q}).context["videos"]
    ],
    "references": lambda client, q: [
        image.name for image in client.get(reverse("videos:references"), {"q": q}).context["images"]
    ],
    "templates": lambda client, q: [
        _template_text(each) for each in client.get(reverse("videos:templates"), {"q": q}).context["own"]
    ],
    "API": lambda client, q: [
        video["prompt"] for video in client.get("/api/v1/videos", {"q": q}).json()["data"]
    ],
    "admin videos": _admin("videos_video", lambda video: video.prompt),
    "admin references": _admin("videos_referenceimage", lambda image: image.name),
    "admin characters": _admin("videos_character", lambda character: character.name),
    "admin templates": _admin("videos_prompttemplate", _template_text),
    "admin models": _admin("videos_videomodel", lambda model: model.label),
    "admin users": _admin("accounts_user", lambda user: user.first_name),
}


@pytest.mark.parametrize("place", PLACES)
def test_every_place_finds_the_same(client: Client, place: str):
    person = User.objects.create_superuser("person")
    client.force_login(person)
    for text in TEXTS:
        _fill(person, text, place)

    for query, expected in QUERIES:
        found = {text for text in PLACES[place](client, query) if text in TEXTS}
        assert found == {TEXTS[index] for index in expected}, query


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("query", ["caf\x00e", "\x00", "\ufffd", "\u0301", '"', "x" * 5000, "e " * 2000])
def test_no_query_is_an_error(client: Client, place: str, query: str):
    client.force_login(User.objects.create_superuser("person"))

    if place == "API" and len(query) > 200:
        assert client.get("/api/v1/videos", {"q": query}).status_code == 422
    else:
        PLACES[place](client, query)


@pytest.mark.parametrize("page", ["library", "history", "references", "templates"])
def test_half_a_character_is_no_error(as_alice: Client, page: str):
    assert as_alice.get(f"{reverse(f'videos:{page}')}?q=%ED%B3%A9").status_code == 200


def test_staff_find_an_owner_by_a_name_without_its_accents(as_carol: Client):
    VideoFactory(owner=User.objects.create_user("Zoë.Müller"), prompt="Her fox")
    VideoFactory(prompt="Another fox")

    page = as_carol.get(reverse("admin:videos_video_changelist"), {"q": "MULLER fox zoe"})

    assert [video.prompt for video in page.context["cl"].result_list] == ["Her fox"]


def test_a_search_in_the_admin_takes_as_many_queries_whoever_and_whatever_there_is(
    as_carol: Client, django_assert_num_queries, django_assert_max_num_queries
):
    address = reverse("admin:videos_video_changelist")
    VideoFactory(prompt="fox snow")
    with django_assert_max_num_queries(25) as few:
        as_carol.get(address, {"q": "fox snow"})
    for number in range(5):
        VideoFactory(owner=User.objects.create_user(f"someone{number}"), prompt="fox snow")

    with django_assert_num_queries(len(few.captured_queries)):
        as_carol.get(address, {"q": "fox snow"})


def test_every_way_of_writing_a_text_writes_what_is_searched(alice: User):
    request = GenerationRequest("A Café", "sora-2", 4, "1280x720")
    create_videos(alice, [request, request])
    image = ReferenceImageFactory(owner=alice, name="Été")
    rename_reference(image, "Zürich")
    template = PromptTemplate.objects.create(owner=alice, title="Old", prompt="Ölfarbe")
    template.title = "Straße"
    template.save()
    Character.objects.create(owner=alice, backend=BackendFactory(), name="Zoë")

    assert set(Video.objects.values_list("search_text", flat=True)) == {"a cafe"}
    assert ReferenceImage.objects.get().search_text == "zurich"
    assert PromptTemplate.objects.get(pk=template.pk).search_text == folded_text("Straße", "", "Ölfarbe")
    assert Character.objects.get().search_text == "zoe"


def test_a_template_is_found_after_it_was_edited_on_its_page(as_alice: Client, alice: User):
    template = PromptTemplate.objects.create(owner=alice, title="Old", prompt="A fox")
    address = reverse("videos:template", args=[template.pk])

    as_alice.post(address, {"title": "Großes Kino", "category": "Über", "prompt": "A bear"})

    for query, count in {"GROSSES": 1, "uber": 1, "bear": 1, "old": 0, "fox": 0}.items():
        found = as_alice.get(reverse("videos:templates"), {"q": query}).context["own"]
        assert len(found) == count, query
