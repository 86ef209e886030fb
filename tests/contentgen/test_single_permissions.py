"""Staff with one permission each, at every page of the administration and at all that can be done there.

What each permission allows is in the tables below. A route that is added is requested without further ado;
who gets to see it must be added to the tables.

Each permission alone is tried at what it opens; at what it does not, all of those that do not are tried
together: a permission more never closes anything, so what all of them are refused each of them is. One by one
that would be ten thousand requests; so only what takes two permissions is tried with each.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_permission_codename, middleware
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Permission
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver

from accounts.models import User
from contentgen import urls
from tests.contentgen.admin_rows import PK, make_rows
from tests.contentgen.admin_step import Step
from tests.contentgen.admin_steps import all_steps
from tests.contentgen.routes import address_of, routes_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ADMIN = "admin/"


def _pages(model: str, *more: str, change: bool = True) -> set[str]:
    """The pages on which a model is looked at."""
    pages = {f"{model}/", f"{model}/<path:object_id>/history/", *(f"{model}/{each}" for each in more)}
    return pages | ({f"{model}/<path:object_id>/change/"} if change else set())


# What anybody on the staff sees: the index of what they may do, which is empty, and their own account.
EVERYBODY = {"", "jsi18n/", "password_change/", "password_change/done/"}

VIDEO_FILES = ("<int:object_id>/file", "<int:object_id>/browser_file", "<int:object_id>/poster")
PAGES: dict[str, set[str]] = {
    "accounts.view_invitation": _pages("accounts/invitation"),
    "accounts.change_invitation": _pages("accounts/invitation"),
    "accounts.view_outgoingmail": _pages("accounts/outgoingmail"),
    "accounts.change_outgoingmail": _pages("accounts/outgoingmail"),
    "accounts.view_apitoken": _pages("accounts/apitoken"),
    "accounts.change_apitoken": _pages("accounts/apitoken"),
    "accounts.view_user": _pages("accounts/user"),
    "accounts.change_user": _pages("accounts/user", "<id>/password/"),
    "accounts.delete_user": {"accounts/user/<path:object_id>/delete/"},
    "auth.view_group": _pages("auth/group"),
    "auth.change_group": _pages("auth/group"),  # to look, no more
    "audit.view_entry": _pages("audit/entry"),
    "billing.add_budget": {"billing/budget/add/"},
    "billing.view_budget": _pages("billing/budget"),
    "billing.change_budget": _pages("billing/budget"),
    "billing.delete_budget": {"billing/budget/<path:object_id>/delete/"},
    "billing.view_ledgerline": _pages("billing/ledgerline"),
    "billing.change_ledgerline": _pages("billing/ledgerline"),  # to look, as with batches
    "notifications.view_notification": _pages("notifications/notification"),
    "videos.view_backend": _pages("videos/backend"),
    "videos.change_backend": _pages("videos/backend"),
    "videos.delete_backend": {"videos/backend/<path:object_id>/delete/"},
    "videos.view_batch": _pages("videos/batch"),
    "videos.change_batch": _pages("videos/batch"),
    "videos.view_collection": _pages("videos/collection"),
    "videos.change_collection": _pages("videos/collection"),
    "videos.view_character": _pages("videos/character", "<int:object_id>/file"),
    "videos.change_character": _pages("videos/character", "<int:object_id>/file"),
    "videos.delete_character": {"videos/character/<path:object_id>/delete/"},
    "videos.add_prompttemplate": {"videos/prompttemplate/add/"},
    "videos.view_prompttemplate": _pages("videos/prompttemplate"),
    "videos.change_prompttemplate": _pages("videos/prompttemplate"),
    "videos.delete_prompttemplate": {"videos/prompttemplate/<path:object_id>/delete/"},
    "videos.view_referenceimage": _pages("videos/referenceimage", "<int:object_id>/file"),
    "videos.change_referenceimage": _pages("videos/referenceimage", "<int:object_id>/file"),
    "videos.view_studiostate": {"videos/studiostate/"},
    "videos.change_studiostate": {"videos/studiostate/"},
    "videos.view_video": _pages("videos/video", *VIDEO_FILES),
    "videos.change_video": {*_pages("videos/video", *VIDEO_FILES), "videos/video/<int:pk>/job"},
    "videos.delete_video": {"videos/video/<path:object_id>/delete/"},
    "videos.add_videomodel": {"videos/videomodel/add/"},
    "videos.view_videomodel": _pages("videos/videomodel"),
    "videos.change_videomodel": _pages("videos/videomodel"),
    "videos.delete_videomodel": {"videos/videomodel/<path:object_id>/delete/"},
}

STEPS: dict[str, set[str]] = {
    "accounts.change_apitoken": {"revoke a token"},
    "accounts.change_invitation": {"withdraw an invitation"},
    "accounts.change_outgoingmail": {"send mail again"},
    "accounts.change_user": {
        *("edit a person", "set a person's password", "remove second factors"),
        *("sign a person out", "deactivate a person"),
    },
    "accounts.delete_user": {"delete a person"},
    "billing.add_budget": {"set a budget"},
    "billing.change_budget": {"change a budget"},
    "billing.delete_budget": {"remove a budget"},
    "videos.change_backend": {
        "limit a backend",
        "switch a backend off",
        "pause a backend",
        "probe a backend",
        "resume a backend",
    },
    "videos.delete_backend": {"delete a backend"},
    "videos.delete_character": {"delete a character"},
    "videos.add_prompttemplate": {"share a template", "share a template in the studio"},
    "videos.change_prompttemplate": {"edit a template", "switch a template off"},
    "videos.delete_prompttemplate": {"delete a template"},
    "videos.change_studiostate": {"hold submissions"},
    "videos.change_video": {"cancel a video", "retry a video", "mark a video as failed", "assign a job"},
    "videos.delete_video": {"delete a video"},
    "videos.add_videomodel": {"add a model"},
    "videos.change_videomodel": {"edit a model"},
    "videos.delete_videomodel": {"delete a model"},
}
# What no permission opens alone, and several do together.
PAGES_OF_SEVERAL = {
    *("accounts/user/add/", "accounts/user/<int:pk>/budget/"),
    "videos/backend/<path:object_id>/models/",
}
STEPS_OF_SEVERAL = {"add a person", "give a person a budget", "revoke a person's tokens"}
KEPT_FOR_GOOD = {"delete a line of the ledger", "delete an entry of the audit log"}


@pytest.fixture(autouse=True)
def rows(db, monkeypatch: pytest.MonkeyPatch) -> None:
    make_rows(monkeypatch)
    for status in (403, 404):  # drawing the pages of thousands of refusals would take most of the time
        monkeypatch.setattr(urls, f"handler{status}", _refuse, raising=False)


@pytest.fixture(autouse=True)
def looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks, and with which permissions, is the same in all of a test's two hundred requests."""
    known: dict[str, AbstractBaseUser | AnonymousUser] = {}
    look_up = middleware.get_user

    def get_user(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
        number = request.session.get(SESSION_KEY, "")
        if number not in known:
            known[number] = look_up(request)
        return known[number]

    monkeypatch.setattr(middleware, "get_user", get_user)


def _refuse(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(status=403)


@cache
def _admin_routes() -> dict[str, str]:
    """Return the address of each route of the administration, with the row that there is.

    Signing out is left out, and so are the routes that are patterns: the index of one app, which shows no
    more than that of all, and the 404 for whatever does not exist.
    """
    arguments = {"int": str(PK), "str": str(PK), "path": str(PK), "slug": str(PK)}
    routes = {route for route in routes_of(get_resolver()) if route[0] == ADMIN}
    found = {"".join(route).removeprefix(ADMIN): address_of(route, arguments) for route in routes}
    return {name: found[name] for name in found if not name.startswith(("logout/", "(?P"))}


def _sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _pages_of(client: Client, routes: Iterable[str] | None = None) -> set[str]:
    """Return which of the routes, of all by default, show this person a page."""
    pages = set()
    for route in _admin_routes() if routes is None else routes:
        response = client.get(_admin_routes()[route])
        response.getvalue()  # a file is closed when it has been read
        pages |= {route} if response.status_code == 200 else set()
    return pages


def _try(client: Client, step: Step) -> bool:
    """Try it, and undo it. Return whether it was done."""
    assert not step.happened(), step.name
    session = client.cookies[settings.SESSION_COOKIE_NAME].value  # a new one is undone with the rest
    with transaction.atomic():
        client.post(step.path if step.path.startswith("/") else f"/{ADMIN}{step.path}", step.data)
        happened = step.happened()
        transaction.set_rollback(True)
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    return happened


def _names() -> list[str]:
    """Return all permissions there are, by what the models say rather than by what the database has."""
    return sorted(
        f"{model._meta.app_label}.{get_permission_codename(action, model._meta)}"
        for model in apps.get_models()
        for action in model._meta.default_permissions
    )


def _sign_in_with(permissions: Collection[str]) -> Client:
    """Sign in one of the staff who has these permissions."""
    staff, known = UserFactory(is_staff=True), Permission.objects.select_related("content_type")
    given = [each for each in known if f"{each.content_type.app_label}.{each.codename}" in permissions]
    assert len(given) == len(permissions)
    staff.user_permissions.set(given)
    return _sign_in(staff)


def _by_openers(table: Mapping[str, set[str]], names: Iterable[str]) -> dict[frozenset[str], set[str]]:
    """Return the names by the permissions each of which opens them."""
    found = defaultdict(set)
    for name in names:
        found[frozenset(permission for permission in table if name in table[permission])].add(name)
    return found


def _done(client: Client, names: Collection[str]) -> set[str]:
    """Try the steps of these names. Return those that were done."""
    return {step.name for step in all_steps() if step.name in names and _try(client, step)}


@pytest.mark.parametrize("permission", sorted(set(PAGES) | set(STEPS)))
def test_one_permission_opens_what_the_tables_say(permission: str):
    client = _sign_in_with({permission})
    pages, steps = PAGES.get(permission, set()), STEPS.get(permission, set())

    assert _pages_of(client, pages | PAGES_OF_SEVERAL) == pages
    assert _done(client, steps | STEPS_OF_SEVERAL) == steps


def test_what_they_open_is_closed_to_all_others_together():
    opened = {}
    names = set(_admin_routes()) - EVERYBODY - PAGES_OF_SEVERAL
    for openers, pages in _by_openers(PAGES, names).items():
        opened |= dict.fromkeys(_pages_of(_sign_in_with(set(_names()) - openers), pages), openers)

    assert opened == {}


def test_what_they_do_is_done_by_none_of_the_others_together():
    done = {}
    names = {step.name for step in all_steps()} - STEPS_OF_SEVERAL
    for openers, steps in _by_openers(STEPS, names).items():
        done |= dict.fromkeys(_done(_sign_in_with(set(_names()) - openers), steps), openers)

    assert done == {}


def test_all_that_the_tables_do_not_name_open_nothing_together():
    """Nor does any of them alone, then: a permission more never closes anything."""
    client = _sign_in_with(set(_names()) - set(PAGES) - set(STEPS))

    assert _pages_of(client) == EVERYBODY
    assert [step.name for step in all_steps() if _try(client, step)] == []


def test_staff_without_any_permission_see_an_empty_index_and_do_nothing():
    client = _sign_in(UserFactory(is_staff=True))

    assert _pages_of(client) == EVERYBODY
    assert [step.name for step in all_steps() if _try(client, step)] == []


def test_a_superuser_sees_and_does_all_but_what_nobody_does(as_carol: Client):
    nobody = {"edit a video", "delete a reference", *KEPT_FOR_GOOD}

    assert set().union(EVERYBODY, *PAGES.values()) <= _pages_of(as_carol)
    assert {step.name for step in all_steps()} - {
        step.name for step in all_steps() if _try(as_carol, step)
    } == nobody


def test_the_tables_name_only_what_there_is():
    assert set(PAGES) | set(STEPS) <= set(_names())
    assert set().union(*STEPS.values()) <= {step.name for step in all_steps()}
    assert set().union(*PAGES.values()) <= set(_admin_routes())
