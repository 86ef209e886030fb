"""A viewer only looks, by whatever door; a manager sees what everybody spends; and nobody else does."""

from io import BytesIO, StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import get_resolver, resolve, reverse

from accounts import roles, tokens
from accounts.models import Role, User
from tests.contentgen.routes import address_of, routes_of
from tests.factories import UserFactory, VideoFactory
from videos.models import Character, PromptTemplate, ReferenceImage, State, Video
from videos.services import references, uploads
from videos.services.derivations import remix_video
from videos.services.generation_requests import GenerationRequest
from videos.services.videos import create_video

pytestmark = pytest.mark.django_db
BODY = {"prompt": "A boat", "model": "sora-2", "seconds": 4, "size": "1280x720"}


@pytest.fixture
def viewer(alice: User) -> User:
    """A person who made videos, and may only look since."""
    User.objects.filter(pk=alice.pk).update(role=Role.VIEWER)
    alice.refresh_from_db()
    return alice


@pytest.fixture
def video(alice: User) -> Video:
    return VideoFactory(owner=alice, pk=1, public_id="video_1", state=State.COMPLETED)


def _rows() -> list[object]:
    models = (Video, Character, ReferenceImage, PromptTemplate)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def _page_routes() -> list[str]:
    """The addresses of all pages of the studio itself that are not open to everybody."""
    addresses = {address_of(route) for route in routes_of(get_resolver())}
    matches = {each: resolve(each) for each in addresses}
    return sorted(
        each
        for each, match in matches.items()
        if match.namespace == "videos" and getattr(match.func, "login_required", True)
    )


def test_a_viewer_changes_nothing_by_any_page(as_alice: Client, viewer: User, video: Video):
    before = _rows()
    addresses = _page_routes()
    assert len(addresses) > 40

    for address in addresses:
        for method in ("post", "put", "patch", "delete"):
            status = getattr(as_alice, method)(address, BODY).status_code
            assert status == 403, f"{method} {address}"

    assert _rows() == before


def test_a_viewer_looks_at_every_page_that_others_look_at(as_alice: Client, viewer: User, video: Video):
    for name in ("studio", "library", "templates", "references", "trash", "history"):
        assert as_alice.get(reverse(f"videos:{name}")).status_code == 200
    page = as_alice.get(reverse("videos:studio")).content.decode()
    assert "Your role is viewer" in page
    assert 'name="prompt"' not in page


def test_the_refusal_is_a_page_with_a_sentence(as_alice: Client, viewer: User):
    text = as_alice.post(reverse("videos:studio"), BODY).content.decode()
    assert "Nothing was changed. Ask a manager" in text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/v1/videos/generate"),
        ("post", "/api/v1/videos/video_1/remix"),
        ("post", "/api/v1/videos/video_1/retry"),
        ("post", "/api/v1/videos/video_1/cancel"),
        ("delete", "/api/v1/videos/video_1"),
        ("post", "/v1/videos"),
        ("post", "/v1/videos/edits"),
        ("post", "/v1/videos/characters"),
        ("delete", "/v1/videos/video_1"),
    ],
)
def test_tokens_of_somebody_who_was_demoted_only_read(viewer: User, video: Video, method: str, path: str):
    _, secret = tokens.issue(viewer, "From before")
    header = {"Authorization": f"Bearer {secret}"}
    before = _rows()

    reply = getattr(Client(), method)(path, BODY, content_type="application/json", headers=header)

    assert reply.status_code == 403
    assert reply.json()["error"]["code"] == "insufficient_role"
    assert _rows() == before
    assert Client().get("/api/v1/videos/video_1", headers=header).status_code == 200


def test_the_apis_say_the_same_to_a_session(as_alice: Client, viewer: User):
    reply = as_alice.post("/api/v1/videos/generate", BODY, content_type="application/json")
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "insufficient_role")


def test_the_services_make_nothing_for_a_viewer(viewer: User, video: Video):
    request = GenerationRequest("A boat", "sora-2", 4, "1280x720")
    attempts = [
        lambda: create_video(viewer, request),
        lambda: remix_video(viewer, video, "Another boat"),
        lambda: references.add_reference(viewer, BytesIO(b"image")),
        lambda: uploads.import_clip(viewer, b"clip", "edit").__enter__(),
    ]
    before = _rows()
    for attempt in attempts:
        with pytest.raises(ValidationError):
            attempt()
    assert _rows() == before


def test_a_command_makes_nothing_for_a_viewer(viewer: User):
    with pytest.raises(CommandError, match="viewer"):
        call_command("generate_video", "A boat", "--user", "alice", stdout=StringIO(), stderr=StringIO())
    assert not Video.objects.exists()


@pytest.mark.parametrize(
    ("fields", "may_create", "may_manage"),
    [
        ({"role": Role.VIEWER}, False, False),
        ({"role": Role.CREATOR}, True, False),
        ({"role": Role.MANAGER}, True, True),
        ({"role": Role.VIEWER, "is_staff": True}, False, False),
        ({"role": Role.VIEWER, "is_superuser": True}, True, True),
        ({"role": Role.MANAGER, "is_active": False}, False, False),
        ({"role": Role.CREATOR, "is_superuser": True, "is_active": False}, False, False),
    ],
)
def test_what_each_may(fields, may_create: bool, may_manage: bool):
    user = UserFactory(**fields)
    assert (roles.may_create(user), roles.may_manage(user)) == (may_create, may_manage)


def test_new_people_create():
    assert User.objects.create_user("dora").role == Role.CREATOR


def test_only_superusers_set_roles(alice: User, admin_role_form):
    assert "role" not in admin_role_form(is_superuser=False)
    assert "role" in admin_role_form(is_superuser=True)


@pytest.fixture
def admin_role_form(alice: User):
    """A function that returns the names of the fields that staff may change of a person."""
    from django.contrib.auth.models import Permission

    def fields_for(*, is_superuser: bool) -> list[str]:
        staff = UserFactory(is_staff=True, is_superuser=is_superuser)
        staff.user_permissions.add(Permission.objects.get(codename="change_user"))
        client = Client()
        client.force_login(staff)
        page = client.get(reverse("admin:accounts_user_change", args=[alice.pk]))
        return list(page.context["adminform"].form.fields)

    return fields_for


# --- The team ----------------------------------------------------------------------------------------------


def test_a_manager_sees_the_teams_videos_and_changes_none(as_bob: Client, bob: User, video: Video):
    User.objects.filter(pk=bob.pk).update(role=Role.MANAGER)
    before = _rows()

    assert as_bob.get(reverse("videos:detail", args=[video.public_id])).status_code == 200
    for action in ("cancel", "retry", "note", "favourite", "move_to_trash", "delete"):
        assert as_bob.post(reverse(f"videos:{action}", args=[video.public_id])).status_code == 404

    assert _rows() == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CREATOR])
def test_nobody_else_sees_the_team(as_bob: Client, bob: User, role: Role):
    User.objects.filter(pk=bob.pk).update(role=role)
    assert as_bob.get(reverse("videos:team")).status_code == 403
    assert as_bob.get(reverse("invitations")).status_code == 403
    assert reverse("videos:team") not in as_bob.get("/").content.decode()
