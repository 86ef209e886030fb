"""Which messages the sources have: templates, modules and scripts."""

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "contentgen" / "locale"
_ROOMS = ("accounts", "audit", "billing", "contentgen", "notifications", "videos", "webhooks")
# What speaks to programs, to operators at a terminal, or to nobody. The sentences of `backends` and of
# decoders, which know no Django, are listed elsewhere (`contentgen.stored_texts`).
_NO_PAGES = frozenset(
    {"api", "backends", "decoder", "demo", "doctor", "management", "monitoring", "run", "sqlite", "transfer"}
)
_NO_PAGE = re.compile(r"(?:^|_)(?:checks?|settings|env|address|worker|storage)\.py$")
_KEYWORDS: dict[str, Any] = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
DOMAINS = ("django", "djangojs")
_Found = tuple[int, Any, list[str], str | None]  # line, message or its forms, comments, context


def templates() -> list[Path]:
    """Return the files of templates, emails too."""
    return [path for path in sorted((ROOT / "templates").rglob("*")) if path.suffix in (".html", ".txt")]


def modules() -> list[Path]:
    """Return the Python files that may have messages."""
    files = (path for room in _ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return [path for path in files if "migrations" not in path.parts]


def modules_of_pages() -> list[Path]:
    """Return those whose texts people see in the browser or in emails."""
    return [
        path
        for path in modules()
        if not set(path.relative_to(ROOT).parts[:-1]) & _NO_PAGES and not _NO_PAGE.search(path.name)
    ]


def scripts() -> list[Path]:
    """Return the JavaScript modules of the pages."""
    return sorted((ROOT / "static" / "js").glob("*.js"))


def template_catalogue(domain: str, only: Iterable[Path] = ()) -> Catalog:
    """Return the messages of a domain, not translated: of all sources, or of those at or below `only`."""
    catalogue = Catalog(domain=domain, charset="utf-8")
    wanted = [path.resolve() for path in only]
    for path in scripts() if domain == "djangojs" else [*templates(), *modules()]:
        if wanted and not any(path.is_relative_to(each) for each in wanted):
            continue
        name = str(path.relative_to(ROOT))
        for _, message, _, context in _messages(path):
            catalogue.add(message, locations=[(name, 0)], context=context)
    return catalogue


def _messages(path: Path) -> Iterator[_Found]:
    if path.suffix == ".js":
        method, source = "javascript", path.read_bytes()
    elif path.suffix == ".py":
        method, source = "python", path.read_bytes()
    else:
        # Python for a lenient reader: what is no message is X's, indented as the template is.
        lines = templatize(path.read_text(), origin=str(path)).splitlines()
        method, source = "python", "\n".join(line.lstrip() for line in lines).encode()
    yield from extract(method, BytesIO(source), keywords=_KEYWORDS, options={"encoding": "utf-8"})
