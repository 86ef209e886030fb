"""What a search means everywhere: the words in any order, all of them, whatever their case and accents.
Words in quotation marks belong together, a part of a word finds it, and a minus before a word or before such
marks asks for texts without it.

Databases do not agree on it: SQLite, and PostgreSQL in the C locale, know the case of ASCII alone, and
accents need an extension that only a superuser may install. So both sides are folded here: what is searched
is kept folded in a column (`videos.models.search_text`) or, in small tables, folded when it is read.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

RULE = (
    "Words in any order, all of them, whatever their case and accents; “words in quotes” belong together, "
    "and -word leaves out what contains it."
)
MAX_QUERY_LENGTH = 200  # characters of a search; the rest is not looked at

# Combining marks of Latin, Greek and Cyrillic letters, points of Hebrew and vowel signs of Arabic. Those of
# other scripts are letters to whoever reads them: が is not か.
_MARKS = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670]"
)
# Drawn as nothing: soft hyphens, zero-width characters, variation selectors.
_IGNORED = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")
# What no database can hold, so that no text contains it.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Letters that Unicode does not take apart, as people without them on their keyboards write them; and
# quotation marks, which editors turn around.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i", "“": '"', "”": '"'}
    | {"\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}
)

# A minus counts before a word, as in `-rain` and `-"paper boat"`; not in the middle of one, nor alone.
_TERM = re.compile(r'(?:(?<!\S)(-)(?=[^\s-]))?(?:"([^"]+)"|(\S+))')


@dataclass(frozen=True)
class SearchTerms:
    """The words and phrases that a text must contain, and those that it must not: folded, each once, sorted.

    Of the required ones none is part of another. False without any.
    """

    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.required or self.excluded)

    def fit(self, folded: str) -> bool:
        """Whether a folded text is what they ask for."""
        return all(term in folded for term in self.required) and not any(
            term in folded for term in self.excluded
        )


def fold(text: str) -> str:
    """Return `text` as it is compared: without case, accents, width and invisible characters, with single
    spaces. Can be stored in any database, and folding it again changes nothing.
    """
    letters = unicodedata.normalize("NFKD", _IGNORED.sub("", _UNSTORABLE.sub("\ufffd", text)))
    plain = _MARKS.sub("", letters).casefold().translate(_LETTERS)
    # Folding the case may bring new marks. What is none is put together again.
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", plain))
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def parse_search(query: str) -> SearchTerms:
    """Return what a query asks for. Never raises. Its first `MAX_QUERY_LENGTH` characters count.

    An asterisk at the end of a word is dropped: the beginning of a word finds it anyway.
    """
    required, excluded = set[str](), set[str]()
    for minus, phrase, word in _TERM.findall(fold(query[:MAX_QUERY_LENGTH])):
        term = phrase.strip() or word.rstrip("*") or word
        if term:
            (excluded if minus else required).add(term)
    longest_first = sorted(required, key=len, reverse=True)
    kept: list[str] = []
    for term in longest_first:
        if not any(term in longer for longer in kept):
            kept.append(term)
    return SearchTerms(tuple(sorted(kept)), tuple(sorted(excluded)))


def find_matches(terms: SearchTerms, rows: Iterable[tuple[int, str]]) -> list[int]:
    """Return the keys of those `rows`, pairs of key and text, that fit the terms. For small tables."""
    return [key for key, text in rows if terms.fit(fold(text))]
