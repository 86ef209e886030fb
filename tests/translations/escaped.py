"""Texts that people see and that no translation would reach, found by reading templates and modules."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, Token, TokenType

from tests.translations.sources import ROOT

_VERBATIM = Path(__file__).parent / "verbatim"
_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE = re.compile(r"[^\W\d_]{2,},? [^\W\d_]|^[A-Z][a-z]+(?:[ .…!?]|$)")
_MARK = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands where a template writes something

# --- Templates ------------------------------------------------------------------------------------------
# Attributes that are read, or read out. Of `data-…`, those that look like a text.
_READ = frozenset({"title", "alt", "placeholder", "label", "hx-confirm", "summary", "download"})
_SILENT = frozenset({"script", "style", "code", "kbd", "samp"})
_BLOCKS = {"blocktranslate": "endblocktranslate", "blocktrans": "endblocktrans", "comment": "endcomment"}
_LITERAL = re.compile(r"""_\(\s*(?:"[^"]*"|'[^']*')\s*\)|"([^"]*)"|'([^']*)'""")
# Tags whose quoted words are names, addresses and formats.
_TAGS_OF_NAMES = frozenset(
    {
        "load",
        "extends",
        "static",
        "url",
        "icon",
        "translate",
        "trans",
        "now",
        "include",
        "if",
        "elif",
        "ifchanged",
    }
)
_FILTERS_OF_WORDS = re.compile(r"""\|(?:pluralize|yesno:"[^"]*[a-z]{2})""")


def in_template(path: Path) -> list[str]:
    """Return the texts of a template that are not marked, each as it stands there."""
    parser = _Texts()
    found = []
    for token in _outside_blocks(Lexer(path.read_text()).tokenize()):
        if token.token_type == TokenType.TEXT:
            parser.feed(token.contents)
        elif token.token_type != TokenType.COMMENT:
            parser.feed(_MARK)
            found += _literals(token)
    parser.close()
    known = verbatim()
    return [text for text in (*parser.found, *found) if text not in known]


def _outside_blocks(tokens: list[Token]) -> Iterator[Token]:
    """Yield the tokens that are in no translated block; the block itself as one token."""
    end = ""
    for token in tokens:
        name = token.contents.split()[0] if token.token_type == TokenType.BLOCK and token.contents else ""
        if end:
            end = "" if name == end else end
            continue
        end = _BLOCKS.get(name, "")
        yield token


def _literals(token: Token) -> list[str]:
    """Return the words that a tag or a filter writes by itself."""
    found = [match.group() for match in _FILTERS_OF_WORDS.finditer(token.contents)]
    name = token.contents.split()[0] if token.contents else ""
    if token.token_type == TokenType.BLOCK and name in _BLOCKS:
        return found
    for match in _LITERAL.finditer(token.contents):
        text = match[1] or match[2] or ""
        is_given = (
            token.contents[match.start() - 1] == "=" if name == "include" else name not in _TAGS_OF_NAMES
        )
        if is_given and _SENTENCE.search(text):
            found.append(text)
    return found


class _Texts(HTMLParser):
    """Collects what is read: text between tags, and some attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        values = dict(attrs)
        for name, value in attrs:
            is_button = name == "value" and tag == "input" and values.get("type") in ("submit", "button")
            if name in _READ or (name.startswith("aria-") and _reads_out(name)) or is_button:
                self._note(value or "", _WORD)
            elif name.startswith("data-"):
                self._note(value or "", _SENTENCE)

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._note(data, _WORD)

    def _note(self, text: str, pattern: re.Pattern[str]) -> None:
        for part in text.split(_MARK):
            if pattern.search(part):
                self.found.append(" ".join(part.split()))


def _reads_out(name: str) -> bool:
    return name in (
        "aria-label",
        "aria-description",
        "aria-roledescription",
        "aria-valuetext",
        "aria-placeholder",
    )


# --- Modules --------------------------------------------------------------------------------------------
_TRANSLATES = re.compile(r"^(?:_|n?p?gettext(?:_lazy|_noop)?)$")
# What is raised for programmers and for who starts the studio, and what is written to a log.
_FOR_PROGRAMMERS = frozenset(
    {
        "ValueError",
        "TypeError",
        "RuntimeError",
        "KeyError",
        "LookupError",
        "AssertionError",
        "NotImplementedError",
    }
    | {"ImproperlyConfigured", "CommandError", "OSError", "AttributeError", "ImportError", "Error", "Warning"}
)
_TAG = re.compile(r"<[^>]*>")
_QUERY = re.compile(
    r"^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|DROP|ALTER|PRAGMA|SET|AND|OR|FROM|WHERE|CASE)\b"
)


def in_module(path: Path) -> list[str]:
    """Return the strings of a module that look like texts and are not marked."""
    tree = ast.parse(path.read_text())
    exempt = _exempt(tree)
    known = verbatim()
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in exempt:
            text = node.value
            if _SENTENCE.search(_TAG.sub("", text)) and not _QUERY.search(text) and text not in known:
                found.append(text)
    return found


def _exempt(tree: ast.AST) -> set[int]:
    """Return the strings that are marked, or that nobody sees: docstrings, logs, types, names in code."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(id(node.value))
        elif isinstance(node, ast.Call) and _is_exempt(node.func):
            found |= {id(each) for each in ast.walk(node)}
        elif isinstance(node, ast.Call) and node.args and _names_a_model(node.func):
            found |= {id(each) for each in node.args}
        elif isinstance(node, ast.Subscript):
            found |= {id(each) for each in ast.walk(node.slice)}
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            found |= {id(each) for each in ast.walk(node.value)}
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if annotation is not None:
                found |= {id(each) for each in ast.walk(annotation)}
    return found


def _is_exempt(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        if isinstance(called.value, ast.Name) and called.value.id in ("logger", "re", "warnings"):
            return True
        return bool(_TRANSLATES.match(called.attr))
    if not isinstance(called, ast.Name):
        return False
    return bool(_TRANSLATES.match(called.id)) or called.id in (*_FOR_PROGRAMMERS, "cast", "TypeVar", "RunSQL")


def _names_a_model(called: ast.expr) -> bool:
    """Whether the first of what it is called with are names of apps and models."""
    return isinstance(called, ast.Attribute) and called.attr in (
        *("ForeignKey", "ManyToManyField", "OneToOneField", "get_model"),
    )


# --- What looks like a text and is none -----------------------------------------------------------------
@cache
def verbatim() -> frozenset[str]:
    """Return the strings listed in `verbatim/`, one in a line: names, code, words of protocols."""
    lines = (line for path in sorted(_VERBATIM.glob("*.txt")) for line in path.read_text().splitlines())
    return frozenset(line.replace("\\n", "\n") for line in lines if line and not line.startswith("#"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))
