"""How alike a prompt that a backend lists is to one that was sent to it."""

import re
import unicodedata
from functools import lru_cache

SHARED_WORDS = 0.8  # of the shorter prompt's words: more than prompts about the same thing usually share


def has_same_words(listed: str | None, prompt: str) -> bool:
    """Whether the prompts agree. Line ends and spaces may change in a multipart form; words do not."""
    return listed is not None and listed.split() == prompt.split()


def is_normalized(listed: str, prompt: str) -> bool:
    """Whether they differ at most in case, width, accents, punctuation and white space."""
    return _normalized(listed) == _normalized(prompt)


def is_cut(listed: str, prompt: str) -> bool:
    """Whether `listed` may be the beginning of `prompt`. Nothing readable may be that of any prompt."""
    return _normalized(prompt).startswith(_normalized(listed))


def is_rewritten(listed: str, prompt: str) -> bool:
    """Whether `listed` holds `prompt`, a part of it, or most of its words."""
    ours, theirs = _normalized(prompt), _normalized(listed)
    if ours in theirs or theirs in ours:
        return True
    our_words, their_words = set(ours.split()), set(theirs.split())
    return len(our_words & their_words) >= SHARED_WORDS * min(len(our_words), len(their_words))


def is_longer(prompt: str, listed: str) -> bool:
    """Whether `prompt` is longer by whatever a server may count: characters, bytes and words."""
    return (
        len(prompt) > len(listed)
        and len(prompt.encode()) > len(listed.encode())
        and len(prompt.split()) > len(listed.split())
    )


@lru_cache(maxsize=512)  # each is compared with every job of a list
def _normalized(text: str) -> str:
    letters = (each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(re.findall(r"\w+", "".join(letters).casefold()))
