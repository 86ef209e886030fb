"""What differs between prompts, word by word."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

WORDS = 1500  # of a prompt, looked at for differences; the time that takes grows with the square
CORE = 150  # the same for a whole tree of prompts: what is looked at between the first and the last change
AROUND = 4  # words that are left around a change
LONGEST = 40  # words of a change that are shown
PIECES = 24  # of a prompt that are shown
ALIKE = 0.4  # of the words; below that a prompt counts as a new one
_PIECE = re.compile(r"\S+\s*")


@dataclass(frozen=True)
class Run:
    """Some words of a prompt, and whether the other prompts have them too."""

    text: str
    differs: bool


@dataclass(frozen=True)
class Piece:
    """Some words: of both prompts, of the later, of the earlier, or a sign that some are left out."""

    text: str
    kind: Literal["same", "new", "old", "cut"]


def highlight_differences(prompts: Sequence[str]) -> list[list[Run]]:
    """Mark in each prompt, word by word, what the first does not have; in the first, what any other lacks.

    Beyond `WORDS` words everything counts as the same.
    """
    pieces = [_PIECE.findall(prompt.strip()) for prompt in prompts]
    words = [[piece.rstrip() for piece in each[:WORDS]] for each in pieces]
    differing: list[set[int]] = [set() for _ in prompts]
    for number in range(1, len(prompts)):
        matcher = SequenceMatcher(None, words[0], words[number])
        for tag, first, first_end, begin, end in matcher.get_opcodes():
            if tag != "equal":
                differing[0].update(range(first, first_end))
                differing[number].update(range(begin, end))
    return [_runs(each, marked) for each, marked in zip(pieces, differing, strict=True)]


def diff_prompts(before: str, after: str) -> list[Piece] | None:
    """Tell how `after` came of `before`, cut around the words that changed.

    Empty when no word did; None when so few are left that it is a new prompt.
    """
    old, new = before.split(), after.split()
    if old == new:
        return []
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    old_core, new_core = old[head : len(old) - tail], new[head : len(new) - tail]
    matcher = SequenceMatcher(None, old_core[:CORE], new_core[:CORE], autojunk=False)
    kept = head + tail + sum(block.size for block in matcher.get_matching_blocks())
    if 2 * kept < ALIKE * (len(old) + len(new)):
        return None
    middle = [
        piece
        for tag, first, first_end, begin, end in matcher.get_opcodes()
        for piece in _replaced(tag == "equal", old_core[first:first_end], new_core[begin:end])
    ]
    beginning, end = Piece(" ".join(new[:head]), "same"), Piece(" ".join(new[len(new) - tail :]), "same")
    gap = Piece("…" if max(len(old_core), len(new_core)) > CORE else "", "cut")
    shown = list(_shortened([piece for piece in (beginning, *middle, gap, end) if piece.text]))
    return [*shown[:PIECES], Piece("…", "cut")] if len(shown) > PIECES else shown


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    number = 0
    for word, its in zip(one, other, strict=False):
        if word != its:
            break
        number += 1
    return number


def _replaced(equal: bool, old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    if equal:
        yield Piece(" ".join(new), "same")
        return
    yield Piece(_begin(old), "old")
    yield Piece(_begin(new), "new")


def _begin(words: Sequence[str]) -> str:
    return " ".join(words[:LONGEST]) + ("…" if len(words) > LONGEST else "")


def _shortened(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """What is the same is cut, but for some words next to a change."""
    for number, piece in enumerate(pieces):
        words = piece.text.split()
        before = words[:AROUND] if number else []
        after = words[-AROUND:] if number < len(pieces) - 1 else []
        if piece.kind != "same" or len(words) <= len(before) + len(after) + 1:
            yield piece
            continue
        if before:
            yield Piece(" ".join(before), "same")
        yield Piece("…", "cut")
        if after:
            yield Piece(" ".join(after), "same")


def _runs(pieces: Iterable[str], differing: set[int]) -> list[Run]:
    """Neighbouring words of one kind, together."""
    runs: list[Run] = []
    for number, piece in enumerate(pieces):
        differs = number in differing
        if runs and runs[-1].differs == differs:
            runs[-1] = Run(runs[-1].text + piece, differs)
        else:
            runs.append(Run(piece, differs))
    return runs
