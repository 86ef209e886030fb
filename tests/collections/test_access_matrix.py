"""Who may do what with a video in a collection: every address that names either, asked by everybody.

An address that is added has to be classified here, or the first test fails.
"""

from enum import IntEnum

import pytest
from django.core.files.base import ContentFile
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver, resolve

from accounts import tokens
from accounts.models import Role, Scope, User
from tests.api.rest.conftest import read
from tests.collections.conftest import Make
from tests.contentgen.routes import address_of, routes_of
from tests.factories import UserFactory, VideoFactory
from videos.models import Collection, CollectionItem, CollectionMember, State, Video

pytestmark = pytest.mark.django_db


class Level(IntEnum):
    """How far somebody is let in; each goes further than the one before."""

    NOTHING = 0
    LOOK = 1
    EDIT = 2
    OWN = 3


# By the view's name: the method that is asked with, and from which level on it is there for somebody.
PAGES = {
    **dict.fromkeys(("detail", "file", "poster", "scrub"), ("get", Level.LOOK)),
    "uncollect": ("post", Level.LOOK),  # a viewer is told that it is not possible
    "first_frame": ("post", Level.LOOK),
    **dict.fromkeys(
        (
            *("favourite", "note", "tag", "untag", "move_to_trash", "restore", "delete", "collect", "cancel"),
            *("retry", "vary", "recheck", "resubmit", "adopt", "abandon", "remix", "edit", "extend"),
            *("character_from_video", "share", "rate", "choose", "reject", "prompt_difference"),
        ),
        ("post", Level.OWN),
    ),
    **dict.fromkeys(("reference", "candidate_picture", "confirm_price", "comments"), ("get", Level.OWN)),
    **dict.fromkeys(("collection", "collection_download"), ("get", Level.LOOK)),
    "collection_people": ("get", Level.EDIT),
    "collection_edit": ("post", Level.EDIT),
    "collection_share": ("post", Level.OWN),
    **dict.fromkeys(
        ("collection_delete", "collection_person_remove", "collection_hand_over", "collection_restore"),
        ("post", Level.OWN),
    ),
}
_PROMPT: dict[str, object] = {"prompt": "A lake"}
# By the name of the address, which is that of one of its views, and the method; with a body that would do.
API: dict[tuple[str, str], tuple[Level, dict[str, object]]] = {
    **{(name, "get"): (Level.LOOK, {}) for name in ("change", "download", "retrieve_collection")},
    **{(name, "post"): (Level.OWN, _PROMPT) for name in ("remix", "edit", "extend")},
    **{
        (name, "post"): (Level.OWN, {})
        for name in ("retry", "submit_again", "give_up", "check_again", "cancel")
    },
    ("adopt", "post"): (Level.OWN, {"job_id": "job_1"}),
    ("change", "delete"): (Level.OWN, {}),
    ("change", "patch"): (Level.OWN, {"rating": 4}),
    ("candidate_thumbnail", "get"): (Level.OWN, {}),
    ("retrieve_collection", "patch"): (Level.EDIT, {"name": "Autumn"}),
    ("retrieve_collection", "delete"): (Level.OWN, {}),
    ("add_items", "post"): (Level.EDIT, {"ids": ["video_1"]}),
    ("remove_item", "delete"): (Level.EDIT, {}),
    ("list_members", "get"): (Level.EDIT, {}),
    ("list_members", "post"): (Level.OWN, {"username": "stranger"}),
    ("remove_member", "delete"): (Level.OWN, {}),
    **{
        (name, method): (Level.OWN, {})
        for name in ("share_video", "share_collection")
        for method in ("get", "post")
    },
}
# Of other things than videos and collections, of one's own alone, or asked about elsewhere.
ELSEWHERE = {
    "collection_leave": "tests/collections/test_people.py: it is about oneself",
    "release_charge": "staff, by the ledger: tests/billing",
    **dict.fromkeys(("keep", "make_playable"), "one's own videos: tests/retention, tests/access"),
    **dict.fromkeys(
        (
            *("reference_name", "reference_delete", "reference_picture", "reference_thumbnail"),
            *("character_delete", "character_clip"),
        ),
        "one's own images and characters: tests/views",
    ),
    **dict.fromkeys(
        (
            *("batch", "batch_progress", "batch_results", "batch_zip", "batch_start", "batch_pause"),
            *("batch_resume", "batch_cancel", "batch_retry"),
        ),
        "one's own batches: tests/batches",
    ),
    **dict.fromkeys(
        ("approval", "approve", "decline", "withdraw_approval", "ask_again"),
        "one's own requests, and managers: tests/approvals",
    ),
    **dict.fromkeys(("share_link", "share_link_revoke"), "one's own links, and managers: tests/sharing"),
    "callback": "a ticket that nobody can guess: tests/api/test_webhooks.py",
}
PEOPLE = {
    # of a private collection, of one for chosen people, of the team's
    "stranger": (Level.NOTHING, Level.NOTHING, Level.LOOK),
    "chosen viewer": (Level.NOTHING, Level.LOOK, Level.LOOK),
    "chosen editor": (Level.NOTHING, Level.EDIT, Level.EDIT),
    "editor who may only look": (Level.NOTHING, Level.LOOK, Level.LOOK),
    "manager": (Level.LOOK, Level.LOOK, Level.LOOK),
    "staff": (Level.LOOK, Level.LOOK, Level.LOOK),
    "superuser": (Level.LOOK, Level.LOOK, Level.LOOK),
    "owner": (Level.OWN, Level.OWN, Level.OWN),
    "blocked": (Level.NOTHING, Level.NOTHING, Level.NOTHING),
    "nobody": (Level.NOTHING, Level.NOTHING, Level.NOTHING),
}
KINDS = ("private", "people", "team")
SEES_PEOPLE = ("manager", "staff", "superuser")


def _routes() -> dict[str, dict[str, str]]:
    """Return the addresses that name a video or a collection, by namespace and the view's name."""
    found: dict[str, dict[str, str]] = {"videos": {}, "api": {}}
    for route in routes_of(get_resolver()):
        joined = "".join(route)
        if not any(name in joined for name in ("public_id>", "video_id>", "collection_id>")):
            continue
        match = resolve(address_of(route))
        if match.namespace in found:
            found[match.namespace].setdefault(match.url_name or "", joined)
    return found


def test_every_address_is_classified():
    routes = _routes()
    assert set(routes["videos"]) - set(ELSEWHERE) == set(PAGES)
    assert set(routes["api"]) == {name for name, _ in API}
    for name, route in routes["api"].items():
        allowed = Client().options(address_of(tuple(_split(route))))["Allow"].lower().split(", ")
        assert set(allowed) - {"head"} == {method for view, method in API if view == name}, name


@pytest.fixture
def collection(make_collection: Make, alice: User, request: pytest.FixtureRequest) -> Collection:
    """Alice's, with her finished video; two persons are chosen for it, and so were two more."""
    video = VideoFactory(owner=alice, public_id="video_1", state=State.COMPLETED)
    video.file.save("video.mp4", ContentFile(b"video"), save=False)
    video.poster.save("poster.webp", ContentFile(b"poster"), save=False)
    video.scrub_sheet.save("scrub.jpg", ContentFile(b"sheet"))
    chosen = {
        UserFactory(username="chosen viewer"): "viewer",
        UserFactory(username="chosen editor"): "editor",
        UserFactory(username="editor who may only look", role=Role.VIEWER): "editor",
        UserFactory(username="blocked", is_active=False): "editor",
    }
    UserFactory(username="stranger")
    UserFactory(username="manager", role=Role.MANAGER)
    UserFactory(username="staff", is_staff=True)
    UserFactory(username="superuser", is_staff=True, is_superuser=True)
    return make_collection(video, public_id="video_1", people=chosen)


def _person(name: str) -> User | None:
    return User.objects.filter(username="alice" if name == "owner" else name).first()


def _rows() -> list[object]:
    models = (Video, Collection, CollectionItem, CollectionMember)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def _is_let_in(reply: HttpResponseBase) -> bool:
    read(reply)  # a file is closed by then
    leads_away = reply.headers.get("Location", "").startswith("/accounts/login/")
    return reply.status_code not in (401, 403, 404) and not leads_away


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("kind", KINDS)
def test_pages_and_files(collection: Collection, kind: str, name: str):
    Collection.objects.update(visibility=kind)
    client, level = Client(), PEOPLE[name][KINDS.index(kind)]
    if (person := _person(name)) is not None:
        client.force_login(person)
    before = _rows()

    routes = _routes()["videos"]
    for view, (method, needed) in PAGES.items():
        if method == "post" and needed <= level:
            continue  # what is there for somebody may change something: its own tests are about that
        address = address_of(tuple(_split(routes[view])))
        is_open = level >= needed or (view == "collection_people" and name in SEES_PEOPLE)
        assert _is_let_in(getattr(client, method)(address)) == (is_open and not _is_missing(view)), view

    assert _rows() == before


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("name", [name for name in PEOPLE if name != "nobody"])
def test_tokens(collection: Collection, name: str, scope: Scope):
    person = _person(name)
    assert person is not None
    _, secret = tokens.issue(person, "test", scope=scope)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    routes = _routes()["api"]
    for kind in KINDS:
        Collection.objects.update(visibility=kind)
        level, before = PEOPLE[name][KINDS.index(kind)], _rows()
        for (view, method), (needed, body) in API.items():
            if method != "get" and needed <= level:
                continue
            address = address_of(tuple(_split(routes[view])))
            content = {} if method == "get" else {"data": body, "content_type": "application/json"}
            reply = getattr(client, method)(address, **content)
            is_open = level >= needed or (name in SEES_PEOPLE and (view, method) == ("list_members", "get"))
            assert _is_let_in(reply) == (is_open and not _is_missing(view)), (kind, view, reply.status_code)
        assert _rows() == before


def test_the_videos_api_knows_ones_own_alone(collection: Collection):
    for name in ("chosen viewer", "chosen editor", "manager", "superuser"):
        person = _person(name)
        assert person is not None
        _, secret = tokens.issue(person, "test")
        client = Client(headers={"Authorization": f"Bearer {secret}"})
        assert client.get("/v1/videos/video_1").status_code == 404
        assert client.get("/v1/videos").json()["data"] == []


def _is_missing(view: str) -> bool:
    """Whether the finished video has none of that, so that its owner finds nothing either."""
    return view in ("reference", "candidate_picture", "candidate_thumbnail", "confirm_price")


def _split(joined: str) -> list[str]:
    return list(next(route for route in routes_of(get_resolver()) if "".join(route) == joined))
