"""Who may do what, over every address of the REST API: one that is added is asked about here by itself."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts import tokens
from accounts.models import Scope, User
from tests.api.rest.conftest import client_of, read
from tests.factories import UserFactory
from videos.models import Collection, CollectionItem, CollectionMember, JobCandidate, State, Video

pytestmark = pytest.mark.django_db
PUBLIC = {"api/openapi.json", "api/docs"}
SAFE = ("get", "head")
_PROMPT: dict[str, object] = {"prompt": "A lake"}
_BODIES: dict[str, dict[str, object]] = {
    **dict.fromkeys(("generate", "remix", "edit", "extend"), _PROMPT),
    "adopt": {"job_id": "job_1"},
    "collections": {"name": "Spring"},
    "members": {"username": "dora"},
}
# Routes of other rooms, which `tests/access` asks about, and about these once more.
_ELSEWHERE = re.compile(r"/(approvals|batches|notifications|prompts|share_links|webhooks)(/|$)")
_COLLECTION = "collection_1"  # alice's, with her video in it, shared with erin


def _filled_in(route: str, video_id: str, candidate_id: str, collection_id: str, username: str) -> str:
    values = {"video_id": video_id, "candidate_id": candidate_id, "collection_id": collection_id}
    for name, value in (values | {"username": username}).items():
        route = re.sub(rf"<\w+:{name}>|{{{name}}}", value, route)
    return route


def _routes() -> list[tuple[str, str]]:
    """Every method and address below /api/ that there is, as the URL resolver knows them."""
    (resolver,) = (
        each
        for each in get_resolver().url_patterns
        if isinstance(each, URLResolver) and str(each.pattern) == "api/"
    )
    found = set()
    for pattern in resolver.url_patterns:
        assert isinstance(pattern, URLPattern)
        route = f"api/{pattern.pattern}"
        if route in PUBLIC or route == "api/":
            continue
        # Ninja's view keeps its operations in a closure; OPTIONS tells them all, and asks for nothing.
        address = "/" + re.sub(r"<\w+:\w+>", "1", route)
        allowed = Client(SERVER_NAME="localhost").options(address)
        assert allowed.status_code == 405, route
        found |= {(method.strip().lower(), route) for method in allowed["Allow"].split(",")}
    return sorted(found)


ALL_ROUTES = _routes()
ROUTES = [(method, route) for method, route in ALL_ROUTES if not _ELSEWHERE.search(route)]


def test_all_that_there_is_is_documented(client: Client):
    paths = client.get("/api/openapi.json").json()["paths"]
    documented = {(method, path.lstrip("/")) for path, methods in paths.items() for method in methods}
    there_is = {(method, re.sub(r"<\w+:(\w+)>", r"{\1}", route)) for method, route in ALL_ROUTES}
    assert documented == {(method, route) for method, route in there_is if method != "head"}


@pytest.fixture
def ask(finished: Callable[..., Video], monkeypatch: pytest.MonkeyPatch) -> Callable[[Client, str, str], int]:
    """Ask about alice's finished video, with a body that would do; about its candidate as if it were to be
    decided whose job that is. Returns the status.
    """
    video = finished()
    candidate = JobCandidate.objects.create(video=video, backend_job_id="job_1")
    collection = Collection.objects.create(owner=video.owner, public_id=_COLLECTION, name="Summer")
    CollectionItem.objects.create(collection=collection, video=video)
    for name in ("dora", "erin"):
        UserFactory(username=name)
    CollectionMember.objects.create(collection=collection, person=User.objects.get(username="erin"))
    monkeypatch.setattr("videos.api.rest.files.candidate_picture", lambda candidate: b"RIFF")

    def ask(client: Client, method: str, route: str) -> int:
        if "candidate_id" in route:
            Video.objects.filter(pk=video.pk).update(state=State.UNCERTAIN, due_at=None)
        path = "/" + _filled_in(route, video.public_id, str(candidate.pk), _COLLECTION, "erin")
        if method == "patch":
            body = {"name": "Autumn"} if "collection_id" in route else {"rating": 4}
            response = client.patch(path, body, content_type="application/json")
        elif method != "post":
            response = getattr(client, method)(path)
        else:
            body = _BODIES.get(route.rpartition("/")[2], {})
            if route.endswith("videos/actions"):
                body = {"action": "cancel", "ids": [video.public_id]}
            elif route.endswith("queue/actions"):
                body = {"action": "front", "ids": [video.public_id]}
            elif route.endswith("items"):
                body = {"ids": [video.public_id]}
            response = client.post(path, body, content_type="application/json")
        read(response)
        if response.status_code >= 400 and method != "head":
            assert set(response.json()["error"]) == {"type", "code", "message", "param"}
        return int(response.status_code)

    return ask


def worked(status: int) -> bool:
    """Whether it was let in: a finished video cannot be canceled, say, which is 409."""
    return status in (200, 409)


def bearing(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"}, enforce_csrf_checks=True)


def _rows() -> tuple[int, int]:
    return Video.objects.count(), Video.objects.filter(deleted_at=None).count()


@pytest.mark.parametrize(("method", "route"), ROUTES)
class TestEveryRoute:
    def test_it_works_for_its_owners_program(self, ask, alice: User, method, route):
        assert worked(ask(client_of(alice), method, route))

    def test_a_read_token_only_looks(self, ask, alice: User, method, route):
        before = _rows()
        status = ask(client_of(alice, Scope.READ), method, route)
        assert status == (200 if method in SAFE else 403)
        assert _rows() == before

    def test_nobody_without_a_token(self, ask, db, method, route):
        before = _rows()
        assert ask(Client(), method, route) == 401
        assert _rows() == before

    def test_no_token_that_is_over(self, ask, alice: User, method, route):
        _, expired = tokens.issue(alice, "expired", expires_at=timezone.now() - timedelta(seconds=1))
        revoked, secret = tokens.issue(alice, "revoked")
        tokens.revoke(revoked)
        before = _rows()
        for over in (expired, secret, "cg_" + "x" * 43):
            assert ask(bearing(over), method, route) == 401
        _, good = tokens.issue(alice, "good")
        User.objects.filter(pk=alice.pk).update(is_active=False)
        assert ask(bearing(good), method, route) == 401
        assert _rows() == before

    def test_no_stranger(self, ask, bob: User, method, route):
        """What is about no video or collection of alice's, they may do for themselves."""
        before = Video.objects.get().revision
        status = ask(client_of(bob), method, route)
        is_of_alice = "video_id" in route or "collection_id" in route
        assert status == 404 if is_of_alice else worked(status)
        video = Video.objects.get(owner__username="alice")
        assert (video.revision, video.deleted_at) == (before, None)

    def test_staff_only_look(self, ask, carol: User, method, route):
        before = Video.objects.get().revision
        status = ask(client_of(carol), method, route)
        if "candidate_id" in route:
            assert status == 404  # by which its owner decides
        elif method in SAFE:
            assert status == 200
        elif "collection_id" in route:
            assert status == 403
        else:
            assert status == 404 if "video_id" in route else worked(status)
        video = Video.objects.get(owner__username="alice")
        assert (video.revision, video.deleted_at) == (before, None)
        assert Collection.objects.get(public_id=_COLLECTION).items.count() == 1

    def test_a_session_changes_nothing_without_its_csrf_token(self, ask, alice: User, method, route):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(alice)
        before = _rows()
        assert ask(browser, method, route) == (200 if method in SAFE else 403)
        assert _rows() == before

    def test_a_session_with_its_csrf_token_may(self, ask, alice: User, method, route):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(alice)
        browser.get("/")
        browser.defaults["HTTP_X_CSRFTOKEN"] = browser.cookies["csrftoken"].value
        assert worked(ask(browser, method, route))


@pytest.mark.parametrize("route", sorted(PUBLIC))
def test_the_documentation_is_for_all(client: Client, route):
    assert client.get(f"/{route}").status_code == 200
    assert client.post(f"/{route}").status_code == 405
