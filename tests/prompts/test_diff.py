"""What the tree of a family tells of a prompt that came of another."""

import time

import pytest

from videos.prompts.diff import MAX_CHANGE_WORDS, MAX_SEGMENTS, diff_in_full, diff_prompts

SIGNS = {"equal": "{}", "insert": "[+{}]", "delete": "[-{}]", "ellipsis": "{}"}
LONG = " ".join(f"w{number}" for number in range(30))


def told(before: str, after: str) -> str | None:
    segments = diff_prompts(before, after)
    return (
        None
        if segments is None
        else " ".join(SIGNS[segment.kind].format(segment.text) for segment in segments)
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("a red boat", "a red boat", ""),
        ("a red  boat\n", "a red boat", ""),
        ("a red boat", "a blue boat", "a [-red] [+blue] boat"),
        ("a boat", "a boat at dawn", "a boat [+at dawn]"),
        ("a boat at dawn", "a boat", "a boat [-at dawn]"),
        ("a boat", "a boat a boat", "a boat [+a boat]"),
        ("one two three", "four five six", None),
        ("a boat", "the sea is a wide and empty place", None),
        (LONG, f"{LONG} x", "… w26 w27 w28 w29 [+x]"),
        (LONG, f"x {LONG}", "[+x] w0 w1 w2 w3 …"),
        (LONG, LONG.replace("w15", "x"), "… w11 w12 w13 w14 [-w15] [+x] w16 w17 w18 w19 …"),
        (
            LONG,
            LONG.replace("w10 ", "x ").replace("w20 ", "y "),
            "… w6 w7 w8 w9 [-w10] [+x] w11 w12 w13 w14 w15 w16 w17 w18 w19 [-w20] [+y] w21 w22 w23 w24 …",
        ),
    ],
)
def test_a_prompt_is_cut_around_the_words_that_changed(before, after, words):
    assert told(before, after) == words


def test_a_long_change_and_many_changes_are_cut_too():
    segments = diff_prompts(LONG, f"{LONG} {LONG.upper()} {LONG.title()}")
    assert segments is None or len(segments[-1].text.split()) <= MAX_CHANGE_WORDS + 1
    scattered = " ".join(word if number % 4 else "x" for number, word in enumerate(LONG.split() * 5))
    segments = diff_prompts(" ".join(LONG.split() * 5), scattered)
    assert segments is not None
    assert len(segments) == MAX_SEGMENTS + 1
    assert segments[-1].kind == "ellipsis"


def test_forty_of_the_longest_prompts_take_no_time():
    one = " ".join(f"w{number % 97}" for number in range(5000))
    other = " ".join(f"w{number % 89}" for number in range(5000))
    began = time.process_time()
    for _ in range(40):
        diff_prompts(one, other)
    assert time.process_time() - began < 4


def in_full(before: str, after: str) -> str:
    marks = {"equal": "{}", "insert": "[{}]", "delete": "~{}~"}
    return "".join(marks[each.kind].format(each.text) for each in diff_in_full(before, after))


def test_a_full_diff_has_every_word_and_splits_punctuation_off():
    assert in_full("A fox on snow", "A red fox on snow, at dawn.") == "A [red ]fox on snow[, at dawn.]"
    assert in_full("A grey fox", "A red fox") == "A ~grey ~[red ]fox"
    assert in_full("A fox", "A hare") == "A ~fox ~[hare]"
    assert in_full("{who} in {city|a,b}", "{who} in {city|a,b}!") == "{who} in {city|a,b}[!]"
    assert in_full("One\n\ntwo", "One\n\ntwo three").startswith("One\n\ntwo")


def test_what_has_nothing_in_common_is_no_variant():
    assert in_full("A fox", "Blue wall of old bricks") == "Blue wall of old bricks"
    assert in_full("", "A wall") == "A wall"
    assert in_full("!" * 9_000, "A wall") == "A wall"
    assert in_full("a " * 9_000, "a b") == "a b"
