"""Sentences of the studio's own that are kept in English, and shown in the language of whoever reads them.

Workers write them into the database, APIs and logs pass them on as they are, and pages show them by
`translated`. A sentence with nothing filled in needs no more than `gettext_noop` where it is written. One
with something filled in, or one that stands within another, is made known besides:

    _REFUSED = sentence(gettext_noop("The backend refused this video: %(sentence)s"))
    message = _REFUSED % {"sentence": error.message}

When it is shown, it is found by the words around what was filled in. They are compared from the left, without
going back, so it takes little time whatever a server made the text of. What was filled in stays as it is, but
for these:

- `%(sentence)s` is another sentence of ours, or the words of a server. One that is ours is translated too. At
  the beginning of a template (`%(sentence)s We'll keep asking.`) it is one of ours.
- What `translate_part` was told of, such as `%(duration)s`.

Nothing but a sentence has several lines.

A text may also be a row of sentences of ours, which are found one by one. Only the last of them may end with
something filled in: where it stands in the middle, nobody can tell how far a server's words go. Or it is a
list of them with semicolons in between.

So a server's own words are safe where they are filled in, unless they are, from the first to the last
character, a sentence of ours that may stand within another.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from django.utils.module_loading import autodiscover_modules
from django.utils.translation import get_language, gettext

MAX_LENGTH: Final = 5000  # characters of a text that is looked at; no column for sentences holds more
_MAX_DEPTH = 5  # sentences within each other
_MAX_ROW = 6  # sentences in a row
_KEPT = 1024  # translations remembered
_SOURCE_LANGUAGE = "en"
_SENTENCE = "sentence"
_END = re.compile(r"[.!?] ")
_BETWEEN = "; "  # the parts of a list
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")  # as `%d` writes it; longer ones Python may refuse to read
_PLACEHOLDER = re.compile(r"%\((\w+)\)([sd])|%(%)")
_DISCOVERED = "stored_sentences"  # the module of an app that imports those that write sentences


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with places to fill in.

    `words` are what stands before, between and after what is filled in under `names`; in those of `numbers`
    it is digits. `is_alone` for one that is never part of another.
    """

    template: str
    words: tuple[str, ...]
    names: tuple[str, ...]
    numbers: frozenset[str]
    is_alone: bool

    @property
    def begins_with(self) -> str:
        """The name of what is filled in at the beginning; empty where the sentence begins with words."""
        return self.names[0] if self.names and not self.words[0] else ""

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Where it stands among those that a text is compared with: what says more comes first."""
        is_loose = self.begins_with not in ("", _SENTENCE)
        return is_loose, not self.words[-1], -sum(map(len, self.words))

    def match(self, text: str) -> dict[str, str] | None:
        """Return what was filled in, by name; None where the text is another one."""
        first, *between, last = self.words
        end = len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or end <= len(first):
            return None
        ends, begins = [], [len(first)]
        for words in between:
            found = text.find(words, begins[-1] + 1, end - 1)
            if found < 0:
                return None
            ends.append(found)
            begins.append(found + len(words))
        return self._named([text[begin:until] for begin, until in zip(begins, [*ends, end], strict=True)])

    def _named(self, parts: list[str]) -> dict[str, str] | None:
        named = dict(zip(self.names, parts, strict=True))
        are_same = all(named[name] == part for name, part in zip(self.names, parts, strict=True))
        are_numbers = all(_NUMBER.fullmatch(named[name]) for name in self.numbers)
        are_lines = all("\n" not in named[name] for name in named.keys() - {_SENTENCE})
        return named if are_same and are_numbers and are_lines else None


_constants: dict[str, bool] = {}  # whether each is alone
_templates: dict[str, Sentence] = {}
_parts: dict[str, Callable[[str], str]] = {}
_style: Callable[[], str] = str  # of numbers and dates; until somebody says more, there is one for everybody


def sentence(template: str, *, alone: bool = False) -> str:
    """Make a sentence known, so that it is recognised when it is stored filled in, or within another.

    `template` is marked with `gettext_noop`. What is filled in is a text (`s`) or a whole number (`d`); if
    anything is, percent signs are doubled. `alone` if it is never part of another sentence, as is required of
    those that begin with something filled in, unless that is a sentence. Returns the template. Raises
    `ValueError` for one that could not be found again.
    """
    words, names, numbers = _parse(template)
    if not names:
        _constants[template] = alone
    else:
        made = Sentence(template, words, names, numbers, alone)
        if not all(words[1:-1]) or (made.begins_with not in ("", _SENTENCE) and not alone):
            raise ValueError(f"What is filled into “{template}” cannot be found again")
        _templates[template] = made
    _ranked.cache_clear()
    _translate.cache_clear()
    return template


def translate_part(name: str, translate: Callable[[str], str]) -> None:
    """Let `translate` bring what is filled in under this name into the active language. What it does not know
    it returns as it is. It is remembered, so nothing but language and style (`remember_by`) may decide about
    it.
    """
    _parts[name] = translate


def remember_by(style: Callable[[], str]) -> None:
    """Keep apart what is remembered for readers who write numbers and dates in another `style`."""
    global _style  # set once, with what translates such parts
    _style = style


def known_sentences() -> tuple[dict[str, bool], dict[str, Sentence]]:
    """Return the sentences of all apps: those with nothing to fill in, each with whether it stands alone, and
    the others by their templates.
    """
    _discover()
    return dict(_constants), dict(_templates)


def translated(text: str) -> str:
    """Return a stored sentence in the active language; as it is, where it is not one of ours.

    Costs nothing in English, and little for a text that was asked for before.
    """
    language = get_language()
    if not text or language is None or language.partition("-")[0] == _SOURCE_LANGUAGE:
        return text or ""
    return _translate(language, _style(), str(text))


@lru_cache(_KEPT)
def _translate(_language: str, _in_style: str, text: str) -> str:
    whole = gettext(text)
    if whole != text or len(text) > MAX_LENGTH:
        return whole
    _discover()
    return _find_row(text) or _find_list(text) or _find(text) or _find(text, is_strict=False) or text


def _find_row(text: str) -> str | None:
    """Return the translation of several sentences of ours in a row; None where it is anything else."""
    found: list[str] = []
    begin = 0
    for end in _END.finditer(text):
        if len(found) < _MAX_ROW and (one := _find(text[begin : end.start() + 1], is_closed=True)):
            found.append(one)
            begin = end.end()
    last = _find(text[begin:]) if found else None
    return " ".join([*found, last]) if last else None


def _find_list(text: str) -> str | None:
    """Return the translation of sentences of ours with semicolons between; None where it is anything else."""
    parts = text.split(_BETWEEN, _MAX_ROW)
    found = [_find(part, is_closed=True) for part in parts] if len(parts) > 1 else []
    return _BETWEEN.join(filter(None, found)) if found and all(found) else None


def _find(text: str, *, depth: int = 0, is_strict: bool = True, is_closed: bool = False) -> str | None:
    """Return the translation of a sentence of ours; None where the text is none.

    `depth` is in how many others it stands. A sentence at the beginning of another may be anybody's unless
    `is_strict`. One that ends with something filled in counts unless `is_closed`.
    """
    if depth > _MAX_DEPTH:
        return None
    if text in _constants and not (depth and _constants[text]):
        return gettext(text)
    for each in _ranked():
        if (depth and each.is_alone) or (is_closed and not each.words[-1]):
            continue
        parts = each.match(text)
        filled = parts and _fill(each, parts, depth, is_strict=is_strict)
        if filled:
            return filled
    return None


def _fill(known: Sentence, parts: dict[str, str], depth: int, *, is_strict: bool) -> str | None:
    said = parts.get(_SENTENCE)
    if said is not None:
        found = _find(said, depth=depth + 1)
        if found is None and is_strict and known.begins_with == _SENTENCE:
            return None
        parts = {**parts, _SENTENCE: found or said}
    for name in (parts.keys() & _parts.keys()) - known.numbers:
        parts[name] = _parts[name](parts[name])
    return gettext(known.template) % _with_numbers(known, parts)


def _with_numbers(known: Sentence, parts: dict[str, str]) -> dict[str, str | int]:
    return {name: int(part) if name in known.numbers else part for name, part in parts.items()}


@cache
def _ranked() -> tuple[Sentence, ...]:
    return tuple(sorted(_templates.values(), key=lambda each: each.rank))


def _parse(template: str) -> tuple[tuple[str, ...], tuple[str, ...], frozenset[str]]:
    """Return the words around the places to fill in, their names, and those that are numbers."""
    words, names, numbers, position = [""], [], set(), 0
    for place in _PLACEHOLDER.finditer(template):
        words[-1] += template[position : place.start()] + (place[3] or "")
        position = place.end()
        if place[1]:
            names.append(place[1])
            words.append("")
            if place[2] == "d":
                numbers.add(place[1])
    words[-1] += template[position:]
    return tuple(words), tuple(names), frozenset(numbers)


@cache
def _discover() -> None:
    """Import what writes sentences, once: a process that only shows them knows none of it."""
    autodiscover_modules(_DISCOVERED)
