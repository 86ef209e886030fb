"""What a process keeps in its own memory can be old for a bounded time only: another host may know better."""

import ast
import re
from collections.abc import Iterator

from django.conf import settings

APPS = ("accounts", "audit", "billing", "contentgen", "notifications", "videos", "webhooks")
# Functions whose results are kept for as long as the process lives, and why nothing can make them wrong.
FOR_EVER = {
    "_time_zones": "the system's list of time zones",
    "_fernet": "made of a SECRET_KEY, which changes with a restart alone",
    "_normalized": "of its argument alone",
    "_connection": "a pool of connections",
    "build_document": "describes this process's code",
    "poster_sizes": "of files that come with the code",
    "_load_package": "an import",
    "_unused_client": "has no state",
    "_session": "keys that change with a restart alone; boto3 renews those of a role by itself",
    "ssl_context": "the system's certificates",
    "_tls": "the system's certificates",
    "_discover": "imports",
    "_ranked": "of what the code says; emptied when more of it is imported",
    "_translate": "of its arguments and the catalogues, which come with the code",
    "_version_of": "of a file that comes with the code",
}


def _trees() -> Iterator[ast.Module]:
    for app in APPS:
        for path in (settings.BASE_DIR / app).rglob("*.py"):
            if "migrations" not in path.parts:
                yield ast.parse(path.read_text())


def _is_for_ever(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return getattr(target, "id", getattr(target, "attr", "")) in ("cache", "lru_cache")


def test_what_is_kept_for_ever_cannot_change():
    kept = {
        node.name
        for tree in _trees()
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and any(map(_is_for_ever, node.decorator_list))
    }

    assert kept - set(FOR_EVER) == set()


def test_what_is_kept_for_a_while_says_for_how_long():
    """Django's cache of a process keeps for five minutes what is set without a time."""
    without_time = [
        match[0]
        for app in APPS
        for path in (settings.BASE_DIR / app).rglob("*.py")
        if 'caches["process"]' in (text := path.read_text())
        for match in re.finditer(r"""(?:remembered|caches\["process"\])\.set\(([^()]*)\)""", text)
        if match[1].count(",") < 2
    ]

    assert without_time == []
