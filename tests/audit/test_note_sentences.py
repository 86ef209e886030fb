"""What the audit log and the admin's history keep can be read in other languages when it is filled in."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contentgen.stored_texts import known_sentences

PROJECT = Path(__file__).resolve().parents[2]
_APPS = ("accounts", "audit", "billing", "contentgen", "notifications", "videos", "webhooks")
_WRITERS = frozenset({"record", "record_all", "revoke_links", "log_change", "log_actions"})
_MAY_WRITE = re.compile(r"note=|log_change|change_message=")
_FILLED = "7"  # stands for what is filled in: it may be a word, or a number
# Put together of sentences or of words that are known, each with its beginning or its end.
_OTHERS = frozenset({"7.", "7. 7", "7: 7", "7 of 7", "May 7.", "Confirmed 7 for 7."})
_CONSTANTS, _TEMPLATES = known_sentences()


def _notes(path: Path) -> Iterator[str]:
    """The notes of a module that are written with something filled in, filled in."""
    for node in ast.walk(ast.parse(path.read_text())):
        is_call = isinstance(node, ast.Call)
        if is_call and (getattr(node.func, "id", "") or getattr(node.func, "attr", "")) in _WRITERS:
            history = node.args[2:3] if getattr(node.func, "attr", "") == "log_change" else []
            named = [each.value for each in node.keywords if each.arg in ("note", "change_message")]
            for text in (*named, *history):
                yield from filter(None, map(_filled, ast.walk(text)))


def _filled(node: ast.AST) -> str:
    """An f-string, filled in; empty for anything else, and for how a number is written."""
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts = (str(each.value) if isinstance(each, ast.Constant) else _FILLED for each in node.values)
    text = "".join(parts)
    return text if _FILLED in text else ""


def _modules() -> list[Path]:
    found = (path for app in _APPS for path in (PROJECT / app).rglob("*.py"))
    return sorted(path for path in found if _MAY_WRITE.search(path.read_text()) and any(_notes(path)))


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_note_is_made_known(path: Path) -> None:
    notes = set(_notes(path)) - _OTHERS
    known = {note for note in notes if any(each.match(note) for each in _TEMPLATES.values())}
    assert notes - known == set()
