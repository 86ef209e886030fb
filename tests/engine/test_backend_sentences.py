"""That no sentence of `backends` and `media` escapes translation: neither can mark them themselves."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contentgen.stored_texts import known_sentences
from videos.backends.connection_kinds import KINDS
from videos.backends.drivers import openrouter
from videos.backends.parameters import VIDEOS_API_PARAMETERS
from videos.backends.service_kinds import SERVICES
from videos.engine import backend_labels, probe_sentences

VIDEOS = Path(__file__).resolve().parents[2] / "videos"
# What makes a text one for people: the first argument of these, and of every error of ours.
_WRITERS = frozenset({"failed_report", "_refuse", "_wrong_charge", "_with_words", "_message"})
# Errors that nobody is shown: they are details for operators, or say that the code is wrong.
_INTERNAL = frozenset(
    {
        *(
            "ConnectError",
            "ForbiddenAddressError",
            "UnsupportedProtocol",
            "TooManyRedirects",
            "DecodingError",
        ),
        *("ReplyTooLargeError", "ValueError", "RuntimeError", "BadSignatureError", "TranscodingTimeoutError"),
        *("OSError", "HTTPStatusError", "ImportError", "TypeError"),
    }
)
_FILLED = "7"  # stands for what is filled in: it may be a word, or a number
# What becomes of the beginnings that a function is given.
_COMPLETED = {
    "_refuse": ("This kind of backend cannot {}.",),
    "_message": ("{}.", f"{{}}: {_FILLED}"),
}
# Sentences with parts that are put together before: as which ones they are known.
_PUT_TOGETHER = {
    "This kind of backend cannot 7.": (),  # each of them is looked at where it is completed
    "7: instead of a reason came a web page7 (HTTP 7).": (
        "instead of a reason came a web page (HTTP 7).",
        "instead of a reason came a web page, titled “7” (HTTP 7).",
    ),
    "7 (7).": ("Offered (7).", "Not offered (7)."),
    "The file takes longer than 7 to read.": ("The file takes longer than 7 seconds to read.",),
}
_CONSTANTS, _TEMPLATES = known_sentences()


def _sources() -> list[Path]:
    return sorted((*(VIDEOS / "backends").rglob("*.py"), *(VIDEOS / "media").rglob("*.py")))


def _text(node: ast.AST, constants: dict[str, str]) -> str | None:
    """The text that an expression is, with something for what is filled in; None where it is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, constants) or _FILLED for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, constants)
    return None


def _constants_of(tree: ast.Module) -> dict[str, str]:
    """The texts that the module's constants stand for."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _text(node.value, found)
            if text is not None:
                found[node.targets[0].id] = text
    return found


def _sentences(tree: ast.Module) -> Iterator[str]:
    """What the module says to people, filled in."""
    constants = _constants_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "Check":
                yield from filter(None, (_text(each, constants) for each in node.args[2:]))
            elif name in _WRITERS or (name.endswith("Error") and name not in _INTERNAL):
                place = 1 if name in ("BadReferenceError", "_with_words") else 0
                for text in filter(None, (_text(each, constants) for each in node.args[place : place + 1])):
                    yield from (form.format(text) for form in _COMPLETED.get(name, ("{}",)))
        elif isinstance(node, (ast.Return, ast.Assign, ast.Dict, ast.Tuple)):
            yield from _returned(node, constants)


def _returned(node: ast.AST, constants: dict[str, str]) -> Iterator[str]:
    """Whole sentences that are handed on before anybody is told them."""
    for each in ast.iter_child_nodes(node):
        text = _text(each, constants)
        if text and re.fullmatch(r"[A-Z“7].* .*[.?!]", text, re.DOTALL):
            yield text


def _is_known(text: str) -> bool:
    if text in _PUT_TOGETHER:
        return all(map(_is_known, _PUT_TOGETHER[text]))
    is_label = text in backend_labels.CONNECTION_KINDS
    return is_label or text in _CONSTANTS or any(each.match(text) for each in _TEMPLATES.values())


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(VIDEOS)))
def test_every_sentence_is_made_known(path: Path) -> None:
    sentences = set(_sentences(ast.parse(path.read_text())))
    assert {text for text in sentences if not _is_known(text)} == set()


def test_every_check_of_a_probe_has_a_name_that_is_known() -> None:
    trees = [ast.parse(path.read_text()) for path in _sources()]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {
        ast.literal_eval(call.args[place])
        for call in calls
        for name, place in (("Check", 0), ("_route_check", 0), ("failed_report", 1))
        if getattr(call.func, "id", "") == name and len(call.args) > place
        if isinstance(call.args[place], ast.Constant)
    }
    assert names >= {"answers", "remix", "videos"}
    assert names - set(probe_sentences.CHECKS) == set()


def test_every_parameter_is_known_by_its_label_and_help() -> None:
    known = [*VIDEOS_API_PARAMETERS, *openrouter._PASSTHROUGH.values()]
    known += [each for service in SERVICES.values() for each in service.parameters]
    texts = {text for each in known for text in (each.label, each.help) if text}
    assert "Seed" in texts
    assert texts - set(backend_labels.PARAMETERS) == set()


def test_every_kind_of_connection_is_known() -> None:
    texts = {text for kind in KINDS.values() for text in (kind.summary, kind.key_hint) if text}
    assert texts - set(backend_labels.CONNECTION_KINDS) == set()
