"""Ask for one address as one person, and say in a word what came of it. Whatever it did is undone."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import caches
from django.db import connection, transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.client import MULTIPART_CONTENT

from tests.access.bodies import BODIES, Body
from tests.access.world import LETTERS

# What is noted of a request itself changes nothing of anybody's.
NOTES = ("django_session", "usersessions_usersession", "audit_entry", "accounts_apitoken")
# When somebody was last here is noted in their own row, once a minute.
_SEEN = 'UPDATE "accounts_user" SET "last_seen_at" = '
_WRITE = re.compile(r"\s*(?:INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM) \"(\w+)\"")
_SIGN_IN = ("/accounts/login/", "/admin/login/")


class Writes:
    """Which tables had rows written while it was installed."""

    def __init__(self) -> None:
        self.tables: set[str] = set()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        written = _WRITE.match(sql)
        # SQLite counts the rows of a statement that returns some when they are read.
        is_counted = context["cursor"].rowcount != 0 or " RETURNING " in sql
        if written and written[1] not in NOTES and is_counted and not sql.startswith(_SEEN):
            self.tables.add(written[1])
        return result


def ask(client: Client, method: str, path: str, route: str) -> str:
    """Return what came of it: `ok` or `did`, with letters for what was shown; or the refusal.

    `in` leads to the sign-in page or is a 401; `no` is an error of the request itself: 400, 402, 409, 422.
    """
    body, content_type = _content(method, route)
    with _undone(client):
        with connection.execute_wrapper(writes := Writes()):
            response = getattr(client, method.lower())(path, body, content_type=content_type)
            shown = b"".join(response) if response.streaming else response.content
        return _word(response, shown.lower(), writes)


def _content(method: str, route: str) -> tuple[Any, str]:
    body: Body = BODIES.get(f"{method} {route}", {})
    if method == "GET":
        return body, MULTIPART_CONTENT
    is_form = not route.startswith(("api/", "v1/")) and method == "POST"
    return (body, MULTIPART_CONTENT) if is_form else (body, "application/json")


def _word(response: HttpResponseBase, shown: bytes, writes: Writes) -> str:
    status = response.status_code
    location = urlsplit(response.headers.get("HX-Redirect") or response.headers.get("Location", "")).path
    letters = "".join(letter for word, letter in LETTERS.items() if word.encode() in shown)
    if status == 401 or location in _SIGN_IN:
        word = "in"
    elif status < 400 or status == 503:  # which says that a part of the studio is down: none runs here
        word = "did" if writes.tables else "ok"
    else:
        word = "no" if status in (400, 402, 409, 422) else str(status)
    if writes.tables and word not in ("did", "in"):
        word += "!"
    return word + (f":{letters}" if letters else "")


@contextmanager
def _undone(client: Client) -> Iterator[None]:
    """Take back what is done to rows, to the caches, and to the browser's cookies."""
    for each in caches.all(initialized_only=True):
        each.clear()
    cookies = deepcopy(client.cookies)
    with _atomic():
        yield
        transaction.set_rollback(True)
    client.cookies = cookies


def _atomic() -> transaction.Atomic:
    """Return a transaction that is the test's own: `tests.storage_guard` tells them apart."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    return block
