"""Sizes by resolution and ratio, and prices from OpenRouter's price list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videos.backends.catalogue import format_rate, is_size, ratio_of, resolution_of, size_for, sort_sizes
from videos.backends.drivers.openrouter import parse_models, parse_rates
from videos.backends.drivers.together import _KNOWN

RATIOS = ["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21"]
RESOLUTIONS = ["360p", "480p", "720p", "768p", "1080p", "2K", "4K"]


@pytest.mark.parametrize(
    ("resolution", "ratio", "size"),
    [
        ("720p", "16:9", "1280x720"),
        ("720p", "9:16", "720x1280"),
        ("480p", "16:9", "854x480"),
        ("768p", "16:9", "1366x768"),
        ("1080p", "1:1", "1080x1080"),
        ("2K", "16:9", "2560x1440"),
        ("4k", "21:9", "5040x2160"),
        ("1K", "16:9", None),
        ("720p", "16/9", None),
        ("fine", "16:9", None),
    ],
)
def test_a_resolution_and_a_ratio_name_a_size(resolution: str, ratio: str, size: str | None) -> None:
    assert size_for(resolution, ratio) == size


@given(st.sampled_from(RESOLUTIONS), st.sampled_from(RATIOS))
def test_every_size_leads_back_to_its_resolution_and_ratio(resolution: str, ratio: str) -> None:
    size = size_for(resolution, ratio)
    assert size is not None
    assert is_size(size)
    assert all(int(side) % 2 == 0 for side in size.split("x"))
    assert resolution_of(size) == resolution.lower()
    assert ratio_of(size) == ratio


@given(st.text(max_size=8), st.text(max_size=8))
def test_no_words_break_it(resolution: str, ratio: str) -> None:
    size = size_for(resolution, ratio)
    assert size is None or is_size(size)


def test_landscape_at_720p_comes_first() -> None:
    assert sort_sizes(["720x1280", "640x360", "1920x1080", "1280x720", "1280x720"]) == (
        "1280x720",
        "1920x1080",
        "640x360",
        "720x1280",
    )


def test_all_documented_sizes_are_sizes() -> None:
    assert all(is_size(size) for known in _KNOWN.values() for size in known.sizes.split())


SIZES = ("1280x720", "1920x1080", "3840x2160")


@pytest.mark.parametrize(
    ("skus", "has_sound", "rates"),
    [
        ({"duration_seconds": "0.084"}, False, ["0.084"] * 3),
        ({"duration_seconds": "0.084", "duration_seconds_with_audio": "0.126"}, True, ["0.126"] * 3),
        ({"duration_seconds": "0.084", "duration_seconds_with_audio": "0.126"}, False, ["0.084"] * 3),
        (
            {
                "duration_seconds_with_audio": "0.12",
                "duration_seconds_with_audio_4k": "0.3",
                "duration_seconds_with_audio_720p": "0.1",
                "duration_seconds_without_audio_720p": "0.08",
            },
            True,
            ["0.1", "0.12", "0.3"],
        ),
        ({"cents_per_second_output": "12"}, False, ["0.12"] * 3),
        (
            {"cents_per_second_output_720p": "17", "cents_per_second_output_1080p": "29"},
            True,
            ["0.17", "0.29", None],
        ),
        ({"video_tokens": "0.000007"}, True, [None] * 3),
        ({"reference_images": "0.04", "minimum_cents_per_generation": "56"}, False, [None] * 3),
        ({"duration_seconds": "0"}, False, [None] * 3),
        ({"duration_seconds": "NaN"}, False, [None] * 3),
        ({"duration_seconds": 0.1}, False, [None] * 3),
        (None, False, [None] * 3),
    ],
)
def test_a_price_counts_only_where_its_name_says_that_it_is_one(
    skus: object, has_sound: bool, rates: list[str | None]
) -> None:
    found, rest = parse_rates(skus, SIZES, has_sound=has_sound)
    assert [found.get(size) for size in SIZES] == rates
    if skus and not found:
        assert next(iter(skus)) in rest


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_a_rate_is_none_or_one_that_the_catalogue_takes(amount) -> None:
    from videos.models.video_model import _RATE

    rate = format_rate(amount)
    assert rate is None or _RATE.fullmatch(rate)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["id", "name", "supported_sizes", "supported_durations", "supported_resolutions", "pricing_skus"]


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), json_values), max_size=3))
def test_no_catalogue_breaks_it(entries) -> None:
    for model in parse_models({"data": entries}):
        assert 0 < len(model.name) <= 100
        assert all(is_size(size) for size in model.sizes)
        assert all(0 < seconds <= 600 for seconds in model.seconds)
