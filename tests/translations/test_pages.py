"""Every page in a made-up language, in which each translated text stands in brackets: what does not, escaped.

It finds what reading the sources cannot, such as a sentence that a service puts together from words.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.signals import request_finished
from django.db import close_old_connections
from django.db.models import CharField, TextField
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils.translation import trans_real

from contentgen.stored_texts import _translate
from tests.access.test_matrix import PAGES, read_table
from tests.access.world import World, make_world, visitor
from tests.translations.escaped import verbatim
from videos.models import Backend

pytestmark = pytest.mark.django_db
_GERMAN = {"Accept-Language": "de"}
_MARKED = re.compile("⟦[^⟦⟧]*⟧")
_WORD = re.compile(r"[^\W\d_]{2,}")
_READ = ("title", "alt", "placeholder", "aria-label", "aria-description", "label")
# What is not read as words: code, what somebody typed, and the names of time zones.
_SILENT = frozenset({"script", "style", "code", "kbd", "samp", "textarea", "pre", "option"})
_WITHIN_A_TEXT = frozenset(
    {"a", "strong", "em", "b", "i", "time", "mark", "span", "bdi", "small", "abbr", "code", "kbd"}
)
_VOID = frozenset(
    {"input", "br", "img", "hr", "link", "meta", "source", "use", "rect", "line", "path", "col"}
)


@pytest.fixture(autouse=True)
def _kept_connection() -> Iterator[None]:
    """Responses are closed one by one, which would close a connection that is a minute old."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


@pytest.fixture(autouse=True)
def brackets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put what is translated into brackets, in every language but English."""
    gettext, ngettext = trans_real.DjangoTranslation.gettext, trans_real.DjangoTranslation.ngettext

    def mark(self: trans_real.DjangoTranslation, message: str) -> str:
        if self.language() == "en":
            return gettext(self, message)
        return f"⟦{message.rpartition(trans_real.CONTEXT_SEPARATOR)[2]}⟧"

    def mark_form(self: trans_real.DjangoTranslation, one: str, many: str, number: int) -> str:
        return ngettext(self, one, many, number) if self.language() == "en" else f"⟦{many}⟧"

    monkeypatch.setattr(trans_real.DjangoTranslation, "gettext", mark)
    monkeypatch.setattr(trans_real.DjangoTranslation, "ngettext", mark_form)
    _translate.cache_clear()  # which remembers real German
    yield
    _translate.cache_clear()


@pytest.fixture
def world() -> World:
    return make_world(Backend.objects.for_environment())


class _Reader(HTMLParser):
    """Collects what is read, or read out: a text with the links and the emphasis within it is one."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = [""]
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note_border(tag)
        if tag in _SILENT or (self._silent and tag not in _VOID):
            self._silent.append(tag)
        # Before the text that the tag may be part of.
        self.texts[-1:-1] = [value for name, value in attrs if name in _READ and value]

    def handle_endtag(self, tag: str) -> None:
        self._note_border(tag)
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts[-1] += data

    def _note_border(self, tag: str) -> None:
        if tag in _WITHIN_A_TEXT:
            self.texts[-1] += " "  # what stands beside each other are two words
        else:
            self.texts.append("")


def _escaped(response: HttpResponse, data: set[str]) -> list[str]:
    """Return the texts of a page that are in no brackets, without the words that are somebody's data."""
    reader = _Reader()
    reader.feed(response.content.decode())
    found = []
    for text in reader.texts:
        rest, marked = text, 1
        while marked:
            rest, marked = _MARKED.subn(" ", rest)
        if any(word.lower() not in data for word in _WORD.findall(rest)):
            found.append(" ".join(rest.split()))
    return found


def _data() -> set[str]:
    """Return the words that stand in the database, and those that need no translation."""
    words = {word.lower() for text in verbatim() for word in _WORD.findall(text)}
    for model in apps.get_models():
        names = [
            field.attname for field in model._meta.concrete_fields if isinstance(field, CharField | TextField)
        ]
        for row in model._base_manager.values_list(*names)[:200] if names else ():
            words |= {word.lower() for value in row for word in _WORD.findall(str(value or ""))}
    return words


def _walk(client: Client, paths: Iterator[str] | list[str]) -> dict[str, list[str]]:
    data = _data()
    found = {}
    for path in paths:
        response: Any = client.get(path, headers=_GERMAN)
        is_page = response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming
        if is_page and (escaped := _escaped(response, data)):
            found[path] = escaped
        response.close()
    return found


@pytest.mark.parametrize("person", ["nobody", "owner", "manager", "superuser"])
def test_pages(world: World, person: str):
    rows = read_table()[PAGES]
    number = rows.columns.index(person)
    paths = [
        "/" + address.format_map(world.names)
        for (method, address), words in rows.rows.items()
        if method == "GET" and words[number].startswith("ok") and not address.startswith("api/")
    ]
    assert _walk(world.clients[person], paths) == {}


@pytest.mark.parametrize("link", ["live", "collection", "locked", "expired"])
def test_shared_pages(world: World, link: str):
    client = visitor(world, link)
    assert _walk(client, [f"/s/{world.names['secret']}/"]) == {}


def test_the_administration(world: World):
    assert _walk(world.clients["superuser"], list(_pages_of_the_administration())) == {}


def _pages_of_the_administration() -> Iterator[str]:
    yield reverse("admin:index")
    for model in admin.site._registry:
        row = model._base_manager.first()
        for name, arguments in (
            ("changelist", []),
            ("add", []),
            ("change", [row]),
            ("delete", [row]),
            ("history", [row]),
        ):
            if None in arguments:
                continue
            try:
                keys = [each.pk for each in arguments]
                yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=keys)
            except NoReverseMatch:
                continue
