"""What differs between prompts, word by word."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MAX_WORDS = 1500  # of a prompt that are compared side by side; the time that takes grows with the square
MAX_CORE_WORDS = 150  # the same in a tree of prompts, between the first and the last change
CONTEXT_WORDS = 4  # unchanged words shown around a change
MAX_CHANGE_WORDS = 40  # words of one change that are shown
MAX_SEGMENTS = 24  # of a diff that are shown
MIN_SIMILARITY = 0.4  # share of the words that are the same; below it a prompt counts as a new one
MAX_FULL_LENGTH = 10_000  # characters of a prompt that is compared as a whole
_WORD = re.compile(r"\S+\s*")
# Punctuation, or what stands before it, each with the space behind it.
_TOKEN = re.compile(r"[,.;:!?]+(?=\s|$)\s*|\S+?(?=[,.;:!?]*(?:\s|$))\s*")


@dataclass(frozen=True)
class HighlightSegment:
    """Some words of a prompt, and whether the other prompts lack them."""

    text: str
    differs: bool


@dataclass(frozen=True)
class DiffSegment:
    """Some words: of both prompts, of the later one, of the earlier one; or an ellipsis for more of them."""

    text: str
    kind: Literal["equal", "insert", "delete", "ellipsis"]


def highlight_differences(prompts: Sequence[str]) -> list[list[HighlightSegment]]:
    """Mark in each prompt, word by word, what the first does not have; in the first, what any other lacks.

    Beyond `MAX_WORDS` words everything counts as the same.
    """
    split = [_WORD.findall(prompt.strip()) for prompt in prompts]
    words = [[word.rstrip() for word in each[:MAX_WORDS]] for each in split]
    differing: list[set[int]] = [set() for _ in prompts]
    for number in range(1, len(prompts)):
        matcher = SequenceMatcher(None, words[0], words[number])
        for tag, first, first_end, begin, end in matcher.get_opcodes():
            if tag != "equal":
                differing[0].update(range(first, first_end))
                differing[number].update(range(begin, end))
    return [_highlighted(each, marked) for each, marked in zip(split, differing, strict=True)]


def diff_prompts(before: str, after: str) -> list[DiffSegment] | None:
    """Return how `after` came of `before`, shortened to the words around the changes.

    Empty when no word changed; None when so few are left that it is a new prompt.
    """
    old, new = before.split(), after.split()
    if old == new:
        return []
    head = _common_prefix(old, new)
    tail = _common_prefix(old[head:][::-1], new[head:][::-1])
    old_core, new_core = old[head : len(old) - tail], new[head : len(new) - tail]
    matcher = SequenceMatcher(None, old_core[:MAX_CORE_WORDS], new_core[:MAX_CORE_WORDS], autojunk=False)
    unchanged = head + tail + sum(block.size for block in matcher.get_matching_blocks())
    if 2 * unchanged < MIN_SIMILARITY * (len(old) + len(new)):
        return None
    core = [
        segment
        for tag, first, first_end, begin, end in matcher.get_opcodes()
        for segment in _diff_segments(tag == "equal", old_core[first:first_end], new_core[begin:end])
    ]
    is_cut = max(len(old_core), len(new_core)) > MAX_CORE_WORDS
    segments = [
        DiffSegment(" ".join(new[:head]), "equal"),
        *core,
        DiffSegment("…" if is_cut else "", "ellipsis"),
        DiffSegment(" ".join(new[len(new) - tail :]), "equal"),
    ]
    shown = list(_shorten([segment for segment in segments if segment.text]))
    return [*shown[:MAX_SEGMENTS], DiffSegment("…", "ellipsis")] if len(shown) > MAX_SEGMENTS else shown


def diff_in_full(before: str, after: str) -> list[DiffSegment]:
    """Return how `after` came of `before`, with every word of both and the space behind it.

    Punctuation is a word of its own. Where that would say nothing, because they have hardly a word in common,
    or take too long, all of `after` is one segment.
    """
    whole = [DiffSegment(after, "equal")]
    if max(len(before), len(after)) > MAX_FULL_LENGTH:
        return whole
    old, new = _TOKEN.findall(before.strip()), _TOKEN.findall(after.strip())
    if not old or max(len(old), len(new)) > MAX_WORDS:
        return whole
    old_words, new_words = ([word.rstrip() for word in each] for each in (old, new))
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    unchanged = sum(block.size for block in matcher.get_matching_blocks())
    if unchanged < MIN_SIMILARITY / 2 * min(len(old), len(new)):
        return whole
    segments: list[DiffSegment] = []
    for tag, first, first_end, begin, end in matcher.get_opcodes():
        if removed := "".join(old[first:first_end]) if tag != "equal" else "":
            # The last word of a text has no space behind it, and one that came for it may follow.
            segments.append(DiffSegment(removed if removed[-1].isspace() else f"{removed} ", "delete"))
        segments.append(DiffSegment("".join(new[begin:end]), "equal" if tag == "equal" else "insert"))
    return [segment for segment in segments if segment.text]


def _common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words both begin with."""
    length = 0
    for word, its in zip(one, other, strict=False):
        if word != its:
            break
        length += 1
    return length


def _diff_segments(is_equal: bool, old: Sequence[str], new: Sequence[str]) -> Iterator[DiffSegment]:
    if is_equal:
        yield DiffSegment(" ".join(new), "equal")
        return
    yield DiffSegment(_shorten_change(old), "delete")
    yield DiffSegment(_shorten_change(new), "insert")


def _shorten_change(words: Sequence[str]) -> str:
    return " ".join(words[:MAX_CHANGE_WORDS]) + ("…" if len(words) > MAX_CHANGE_WORDS else "")


def _shorten(segments: Sequence[DiffSegment]) -> Iterator[DiffSegment]:
    """Cut what is the same, but for some words next to a change."""
    for number, segment in enumerate(segments):
        words = segment.text.split()
        before = words[:CONTEXT_WORDS] if number else []
        after = words[-CONTEXT_WORDS:] if number < len(segments) - 1 else []
        if segment.kind != "equal" or len(words) <= len(before) + len(after) + 1:
            yield segment
            continue
        if before:
            yield DiffSegment(" ".join(before), "equal")
        yield DiffSegment("…", "ellipsis")
        if after:
            yield DiffSegment(" ".join(after), "equal")


def _highlighted(words: Iterable[str], differing: set[int]) -> list[HighlightSegment]:
    """Join neighbouring words that are marked alike."""
    segments: list[HighlightSegment] = []
    for number, word in enumerate(words):
        differs = number in differing
        if segments and segments[-1].differs == differs:
            segments[-1] = HighlightSegment(segments[-1].text + word, differs)
        else:
            segments.append(HighlightSegment(word, differs))
    return segments
