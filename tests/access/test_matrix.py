"""Who sees and changes what: every page, fragment, file and route of the APIs, asked by everybody.

The table is `matrix.txt`, which says how it is read. A route that is added fails the first test until the
table has it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, resolve

from contentgen import urls
from tests.access.walk import ask
from tests.access.world import PEOPLE, VISITS, World, make_world, visitor
from tests.contentgen.routes import address_of, routes_of
from videos.models import Backend

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("matrix.txt")
ADMIN = "admin/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OF_THE_STAFF = ("staff", "superuser")
PAGES, API, LINKS = "pages", "programs", "links"


@dataclass
class Section:
    """One part of the table: the words for each person, by method and address."""

    columns: list[str]
    rows: dict[tuple[str, str], list[str]] = field(default_factory=dict)


@cache
def read_table() -> dict[str, Section]:
    sections: dict[str, Section] = {}
    section = Section([])
    for line in TABLE.read_text().splitlines():
        if line.startswith("["):
            name, *columns = line.replace("[", "").replace("]", "").split()
            section = sections[name] = Section(columns)
        elif line and not line.startswith("#"):
            method, pattern, *words = line.split()
            assert len(words) == len(section.columns), line
            for address in _expanded(pattern.removeprefix("/")):
                assert (method, address) not in section.rows, line
                section.rows[method, address] = words
    return sections


def _expanded(pattern: str) -> Iterator[str]:
    """Yield the address for each of the things that stand in one pair of braces."""
    parts = re.split(r"(\{[^}]+\})", pattern)
    choices = [
        [f"{{{each}}}" for each in part[1:-1].split("|")] if part.startswith("{") else [part]
        for part in parts
    ]
    for chosen in product(*choices):
        yield "".join(chosen)


@pytest.fixture(autouse=True)
def plain_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing the pages of thousands of refusals would take most of the time."""

    def refuse(status: int):
        def handler(request: HttpRequest, exception: Exception) -> HttpResponse:
            return HttpResponse(status=status)

        return handler

    for status in (403, 404):
        monkeypatch.setattr(urls, f"handler{status}", refuse(status), raising=False)


@pytest.fixture
def world() -> World:
    return make_world(Backend.objects.for_environment())


def _route_of(path: str) -> str:
    return resolve(urlsplit(path).path).route


def _path(world: World, address: str) -> str:
    return "/" + address.format_map(world.names)


def _differences(world: World, section: Section, column: str, client: Client) -> dict[str, str]:
    """Return what came of each request of which the table says something else."""
    found, number = {}, section.columns.index(column)
    for (method, address), words in section.rows.items():
        path = _path(world, address)
        if (word := ask(client, method, path, _route_of(path))) != words[number]:
            found[f"{method} /{address}"] = f"{word}, not {words[number]}"
    return found


@pytest.mark.parametrize("column", read_table()[PAGES].columns)
def test_pages_fragments_and_files(world: World, column: str):
    assert _differences(world, read_table()[PAGES], column, world.clients[column]) == {}


@pytest.mark.parametrize("column", read_table()[API].columns)
def test_programs(world: World, column: str):
    assert _differences(world, read_table()[API], column, world.clients[column]) == {}


@pytest.mark.parametrize("column", read_table()[LINKS].columns)
def test_visitors_of_a_link(world: World, column: str):
    assert _differences(world, read_table()[LINKS], column, visitor(world, column)) == {}


def test_the_table_has_every_route_and_everybody(world: World):
    world.names["secret"] = "a" * 32
    addresses = {address for section in read_table().values() for _, address in section.rows}
    named = {_route_of(_path(world, address)) for address in addresses}
    routes = {"".join(route) for route in routes_of(get_resolver()) if route[0] != ADMIN}

    assert routes - named == set()
    assert {*PEOPLE, "nobody"} == set(read_table()[PAGES].columns)
    assert set(VISITS) == set(read_table()[LINKS].columns)


@pytest.mark.parametrize("person", ["owner", "superuser"])
def test_no_other_method_does_anything(world: World, person: str):
    """Those that the table does not name are a 405; allauth takes some of them for a POST without data."""
    for name, client in ((PAGES, world.clients[person]), (API, world.clients[f"{person}:write"])):
        rows = read_table()[name].rows
        for address in {address for _, address in rows if "?" not in address}:
            path = _path(world, address)
            for method in METHODS:
                if (method, address) in rows:
                    continue
                word = ask(client, method, path, _route_of(path))
                takes_any = method not in ("GET", "POST") and address.startswith("accounts/")
                expected = ("405", "ok", "in", "404") if takes_any else ("405",)
                is_nowhere = set(rows.get(("GET", address), ())) == {"404"}
                assert word in (*expected, *(["404"] if is_nowhere else [])), (method, address)


@pytest.mark.parametrize("column", ["nobody", *PEOPLE])
def test_the_administration_is_closed_to_all_but_the_staff(world: World, column: str):
    """What the staff may see there and do is in `tests/contentgen/test_single_permissions.py`."""
    if column in OF_THE_STAFF:
        return
    for route in {route for route in routes_of(get_resolver()) if route[0] == ADMIN}:
        for method in ("GET", "POST"):
            word = ask(world.clients[column], method, address_of(route), "".join(route))
            is_sign_in = "".join(route) in (f"{ADMIN}login/", f"{ADMIN}logout/")
            assert word in ("in", "403", "404") or (is_sign_in and word in ("ok", "405")), (route, word)
