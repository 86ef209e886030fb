"""No door is forgotten: whatever can change something is declared as recorded, or as silent with a reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import get_resolver, resolve

from accounts.models import User
from audit.admin_log import AuditedAdmin
from tests.audit import doors
from tests.contentgen.routes import address_of, routes_of

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
MODULES = [
    *(ROOT / "videos/services").glob("*.py"),
    *(ROOT / "videos/transfer").glob("*.py"),
    *(ROOT / "accounts").glob("*.py"),
    *(ROOT / "billing").glob("*.py"),
    *(ROOT / "notifications").glob("*.py"),
    *(path for path in (ROOT / "webhooks").glob("*.py") if path.stem != "views"),
    ROOT / "videos/engine/hold.py",
    ROOT / "videos/engine/waiting_requests.py",
]
VIEWS = [
    *(ROOT / "videos/views").glob("*.py"),
    *(ROOT / "videos/api/rest").glob("*.py"),
    *(ROOT / "accounts/views").glob("*.py"),
    ROOT / "webhooks/views.py",
    ROOT / "notifications/views.py",
]
WRITES = {"update", "create", "save", "delete", "bulk_create", "get_or_create", "update_or_create"}
RECORDS = {"record", "record_all", "record_view"}
# The admin's own addresses, which its models' classes answer for.
SHOWN_ONLY = {f"admin:{name}" for name in ("index", "app_list", "view_on_site", "login", "logout")}
ADMINS_OWN = ("_changelist", "_add", "_history", "_delete", "_change")


class _Module:
    """The functions of a module, and what each calls, directly or through others of the same module."""

    def __init__(self, path: Path) -> None:
        tree = ast.parse(path.read_text())
        self.name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        self.functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}

    def reachable(self, name: str, seen: set[str] | None = None) -> set[str]:
        seen = seen if seen is not None else set()
        seen.add(name)
        for node in ast.walk(self.functions[name]):
            if isinstance(node, ast.Name) and node.id in self.functions and node.id not in seen:
                self.reachable(node.id, seen)
        return seen

    def nodes(self, name: str) -> Iterator[ast.AST]:
        for each in self.reachable(name):
            yield from ast.walk(self.functions[each])


def _writes(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = node.func.value
    return node.func.attr in WRITES or (isinstance(owner, ast.Name) and owner.id == "lifecycle")


def _records(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in RECORDS


def _silent_writers() -> set[str]:
    found = set()
    for module in map(_Module, MODULES):
        for name in module.functions:
            nodes = list(module.nodes(name))
            if not name.startswith("_") and any(map(_writes, nodes)) and not any(map(_records, nodes)):
                found.add(f"{module.name}.{name}")
    return found


def test_every_service_that_writes_records_it_or_says_why_not():
    assert _silent_writers() == set(doors.SILENT_SERVICES)


def _writes_rows(node: ast.AST) -> bool:
    """Whether a view changes rows by itself, where a form or a service would do it."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    names = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    owner = node.func.value
    is_row = node.func.attr == "delete" and not (isinstance(owner, ast.Name) and owner.id == "service")
    return node.func.attr in WRITES and ("objects" in names or (is_row and not node.args))


def test_no_view_writes_past_the_services():
    found = set()
    for module in map(_Module, VIEWS):
        for name in module.functions:
            nodes = list(module.nodes(name))
            if any(map(_writes_rows, nodes)) and not any(map(_records, nodes)):
                found.add(f"{module.name}.{name}")
    assert found == set(doors.SILENT_VIEWS)


def _routes_that_take_a_post(user: User) -> set[str]:
    names = set()
    for route in routes_of(get_resolver()):
        address = address_of(route)
        match = resolve(address)
        name = match.view_name or match.route
        if name.startswith("admin:django.") or name in SHOWN_ONLY:
            continue
        if name.startswith("admin:") and name.endswith(ADMINS_OWN):
            continue
        client = Client(raise_request_exception=False)
        client.force_login(user)
        if client.post(address).status_code != 405:
            names.add(name)
    return names


def test_every_address_that_takes_a_post_is_declared(carol: User):
    silent = set(doors.SILENT_ROUTES)
    assert not silent & doors.RECORDED_ROUTES
    assert _routes_that_take_a_post(carol) == silent | doors.RECORDED_ROUTES


def test_every_model_that_the_admin_changes_records_it(carol: User):
    request = RequestFactory().get("/")
    request.user = carol
    for model, model_admin in admin.site._registry.items():
        may = (
            model_admin.has_add_permission(request),
            model_admin.has_change_permission(request),
            model_admin.has_delete_permission(request),
        )
        name = model._meta.model_name
        deletes_by_service = type(model_admin).__dict__.get("delete_model") and not any(may[:2])
        if any(may) and name not in doors.OWN_PAGES:
            assert isinstance(model_admin, AuditedAdmin) or deletes_by_service, name


def test_every_action_of_the_admin_is_declared(carol: User):
    found: dict[str, set[str]] = {}
    for model, model_admin in admin.site._registry.items():
        names = {each if isinstance(each, str) else each.__name__ for each in model_admin.actions or ()}
        if names:
            found[str(model._meta.model_name)] = names
    assert found == doors.RECORDED_ACTIONS


@pytest.mark.parametrize(
    "reasons", [doors.SILENT_SERVICES, doors.SILENT_VIEWS, doors.SILENT_ROUTES, doors.OWN_PAGES]
)
def test_silence_has_a_reason(reasons: dict[str, str]):
    assert all(len(reason) > 10 for reason in reasons.values())
