"""What a search means everywhere: the words in any order, all of them, whatever their case and accents.
Words in quotation marks belong together.

Databases do not agree on it: SQLite, and PostgreSQL in the C locale, know the case of ASCII alone, and
accents need an extension that only a superuser may install. So both sides are folded here: what is searched
is kept folded in a column (`videos.models.search_text`) or, in small tables, folded when it is read.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

RULE = "Words in any order, all of them, whatever their case and accents; “words in quotes” belong together."
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

_PHRASE_OR_WORD = re.compile(r'"([^"]+)"|(\S+)')


def fold(text: str) -> str:
    """Return `text` as it is compared: without case, accents, width and invisible characters, with single
    spaces. Can be stored in any database, and folding it again changes nothing.
    """
    letters = unicodedata.normalize("NFKD", _IGNORED.sub("", _UNSTORABLE.sub("\ufffd", text)))
    plain = _MARKS.sub("", letters).casefold().translate(_LETTERS)
    # Folding the case may bring new marks. What is none is put together again.
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", plain))
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def search_words(query: str) -> list[str]:
    """Return the words and phrases that a result must contain, folded. None is part of another one."""
    found = (
        phrase.strip() or word for phrase, word in _PHRASE_OR_WORD.findall(fold(query[:MAX_QUERY_LENGTH]))
    )
    words = sorted({each for each in found if each}, key=len, reverse=True)
    kept: list[str] = []
    for word in words:
        if not any(word in longer for longer in kept):
            kept.append(word)
    return sorted(kept)


def find_matches(words: Sequence[str], rows: Iterable[tuple[int, str]]) -> list[int]:
    """Return the keys of those `rows`, pairs of key and text, that contain all `words`. For small tables."""
    folded = ((key, fold(text)) for key, text in rows)
    return [key for key, text in folded if all(word in text for word in words)]
