"""What two texts have in common for a search."""

# ruff: noqa: RUF001  # letters that look alike are what this is about

import sys

import pytest

from contentgen.text_search import SearchTerms, find_matches, fold, parse_search


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        ("ÉTÉ", "été"),
        ("Zürich", "zurich"),
        ("Zu\u0308rich", "ZÜRICH"),
        ("Straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("İSTANBUL", "istanbul"),
        ("ISTANBUL", "ıstanbul"),
        ("Łódź, Ørsted, Œuvre", "lodz, orsted, oeuvre"),
        ("ＦＵＬＬ\u3000ｗｉｄｔｈ", "full width"),
        ("ﬁlm", "FILM"),
        ("ΌΣΟΣ", "όσος"),
        ("Ёлка", "ёлка"),
        ("don’t", "don't"),
        ("soft\u00adly \u200bnow\ufe0f", "softly now"),
        ("two\n  lines", "two lines"),
    ],
)
def test_case_accents_and_width_make_no_difference(written: str, searched: str):
    assert fold(written) == fold(searched)


@pytest.mark.parametrize(("one", "other"), [("が", "か"), ("각", "가"), ("कु", "क"), ("ﾊﾟ", "ハ"), ("o", "0")])
def test_other_letters_stay_other_letters(one: str, other: str):
    assert fold(one) != fold(other)


@pytest.mark.parametrize("character", ["\x00", "\ud800"])
def test_what_no_text_can_hold_is_found_in_none(character: str):
    assert parse_search(f"fox{character}").required == ("fox\ufffd",)


def test_whatever_is_folded_can_be_stored_and_folds_to_itself():
    for start in range(0, sys.maxunicode + 1, 64):
        text = " ".join(map(chr, range(start, min(start + 64, sys.maxunicode + 1))))
        folded = fold(text)
        folded.encode()
        assert "\x00" not in folded
        assert fold(folded) == folded


@pytest.mark.parametrize(
    ("query", "required", "excluded"),
    [
        ("", [], []),
        (" \u200b \u0301 ", [], []),
        ("Paper BOAT paper", ["boat", "paper"], []),
        ("boat boathouse", ["boathouse"], []),
        ('"Paper  boat" rain', ["paper boat", "rain"], []),
        ("“Paper boat” rain", ["paper boat", "rain"], []),
        ('a 5" screen', ['5"', "a", "screen"], []),
        ('""', ['""'], []),
        ("x" * 300, ["x" * 200], []),
        ("boat* * **", ["*", "**", "boat"][1:], []),
        ("boat -Rain -rain", ["boat"], ["rain"]),
        ('-"Paper boat" sea', ["sea"], ["paper boat"]),
        ("－été", [], ["ete"]),
        ("sci-fi - -- ' OR 1=1 --", ["'", "--", "1=1", "or", "sci-fi"], []),
    ],
)
def test_a_query_is_its_words_and_phrases(query: str, required: list[str], excluded: list[str]):
    assert parse_search(query) == SearchTerms(tuple(required), tuple(excluded))


def test_small_tables_are_searched_alike():
    rows = [(1, "Müller, Zoë"), (2, "Muller"), (3, "Zoe Müller, Köln")]
    assert find_matches(parse_search("zoe MÜLLER -koln"), rows) == [1]
