"""Ratio and resolution, and the exact size that follows, over what vendors document and anything else."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.hosted import OpenRouter
from videos.backends.catalogue import CatalogueModel, is_size
from videos.backends.drivers import gemini, openrouter, together
from videos.shapes import OTHER, find_size, named_size, nearest_size, shapes_of

CATALOGUES: list[CatalogueModel] = [
    *openrouter.parse_models({"data": OpenRouter.models}),
    *together.parse_models({"data": [{"id": name, "type": "video"} for name in together._KNOWN]}),
    *gemini.parse_models({"models": [{"name": f"models/{name}"} for name in gemini.RATES]}),
]
sizes = st.builds("{}x{}".format, st.integers(1, 16_384), st.integers(1, 16_384))


def assert_each_is_found_by_its_name(offered: list[str]) -> None:
    shapes = shapes_of(offered)
    assert [each.size for each in shapes] == list(dict.fromkeys(offered)), "each size can be chosen, and once"
    assert len({(each.ratio, each.resolution) for each in shapes}) == len(shapes)
    for each in shapes:
        assert find_size(offered, each.ratio, each.resolution) == each.size


def test_there_is_a_catalogue_of_each_vendor():
    assert len(CATALOGUES) > 20


@pytest.mark.parametrize("model", CATALOGUES, ids=lambda model: model.name)
def test_every_documented_size_has_a_ratio_and_a_resolution(model: CatalogueModel):
    assert_each_is_found_by_its_name(list(model.sizes))
    for shape in shapes_of(model.sizes):
        if shape.ratio == OTHER:
            continue
        width, height = map(int, shape.size.split("x"))
        across, down = map(int, shape.ratio.split(":"))
        assert isclose(width / height, across / down, rel_tol=0.04)


@given(st.lists(sizes, max_size=30))
def test_no_sizes_share_a_name(offered: list[str]):
    assert_each_is_found_by_its_name(offered)


@given(st.lists(st.none() | st.integers() | st.text(max_size=12) | sizes, max_size=12))
def test_what_is_no_size_is_left_out(offered: list[object]):
    assert all(is_size(each.size) for each in shapes_of(offered))


@given(st.lists(sizes, min_size=1, max_size=12), sizes)
def test_the_nearest_size_is_one_of_them_and_stays_the_same(offered: list[str], wanted: str):
    nearest = nearest_size(offered, wanted)
    assert nearest in offered
    assert nearest_size(offered, nearest) == nearest
    if wanted in offered:
        assert nearest == wanted


def test_the_names_are_those_that_people_use():
    offered = ["1280x720", "1792x1024", "1024x1792", "854x480", "832x480", "1000x300", "3840x2160", "960x960"]
    assert [(each.ratio, each.label) for each in shapes_of(offered)] == [
        ("16:9", "720p"),
        ("16:9", "1024p"),
        ("9:16", "1024p"),
        ("16:9", "480p"),
        (OTHER, "832\u00d7480"),
        (OTHER, "1000\u00d7300"),
        ("16:9", "4K"),
        ("1:1", "960p"),
    ]


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("1280x720", "1280x720"),
        ("1920x1080", "1280x720"),
        ("1080x1920", "720x1280"),
        ("720x720", "640x640"),
        ("1024x768", "1280x720"),
        ("no size", None),
    ],
)
def test_the_nearest_size_keeps_the_ratio_before_the_resolution(wanted: str, nearest: str | None):
    assert nearest_size(["720x1280", "1280x720", "640x640", "854x480"], wanted) == nearest


def test_two_names_alone_name_a_size():
    assert named_size("16:9", "720p") == "1280x720"
    assert named_size(OTHER, "1000x300") == "1000x300"
    assert named_size("wide", "fine") == ""
