from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.factories import VideoFactory
from videos.models import State
from videos.templatetags.studio import (
    RATIOS,
    clock,
    duration_between,
    ratio,
    size_icon,
    size_name,
    status_label,
    step_started_at,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "0:00"), (4.04, "0:04"), (83, "1:23"), (3723, "1:02:03"), (-5, "0:00")],
)
def test_a_clock(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.4 s"),
        (12.3, "12 s"),
        (59.7, "1 min 0 s"),
        (185, "3 min 5 s"),
        (7260, "2 h 1 min"),
        (-9, "0.0 s"),
    ],
)
def test_how_long_it_took(seconds, text):
    assert duration_between(NOW, NOW + timedelta(seconds=seconds)) == text


def test_how_long_it_took_is_empty_until_it_is_known():
    assert duration_between(NOW, None) == duration_between(None, NOW) == ""


@pytest.mark.parametrize(
    ("size", "known"),
    [("1280x720", 178), ("720x1280", 56), ("1024x1792", 57), ("1792x1024", 175), ("512x512", 100)],
)
def test_a_shape_is_that_of_the_size_asked_for(size, known):
    assert ratio(VideoFactory.build(size=size, owner=None, backend=None)) == known


def test_a_shape_is_that_of_the_file_once_there_is_one():
    video = VideoFactory.build(size="1280x720", width=720, height=1280, owner=None, backend=None)
    assert ratio(video) == 56


def test_the_stylesheet_knows_every_shape():
    sheet = Path("static/css/tokens.css").read_text()
    for known in RATIOS:
        assert f'[data-ratio="{known}"]' in sheet


def test_sizes_have_names():
    names = [
        size_name(size) for size in ("1280x720", "1792x1024", "720x1280", "1024x1792", "64x64", "640x480")
    ]
    assert names == ["Landscape", "Wide", "Portrait", "Tall", "Square", "Landscape"]


@pytest.mark.parametrize("size", ["1280x720", "720x1280", "4000x100", "1x1"])
def test_a_size_icon_stays_in_its_box(size):
    shape = size_icon(size)
    for start, length in ((shape.x, shape.width), (shape.y, shape.height)):
        assert start >= 0
        assert start + length <= 28


def test_portrait_and_tall_are_told_apart_by_their_icons():
    portrait, tall = size_icon("720x1280"), size_icon("1024x1792")
    assert tall.height > portrait.height + 4
    for size, shape in (("720x1280", portrait), ("1024x1792", tall)):
        width, height = map(int, size.split("x"))
        assert shape.width / shape.height == pytest.approx(width / height, rel=0.02)


def test_what_is_being_canceled_says_so():
    video = VideoFactory.build(state=State.SUBMITTING, owner=None, backend=None)
    assert status_label(video) == "Submitting"
    video.cancel_requested_at = NOW
    assert status_label(video) == "Canceling"


def test_a_retried_video_waits_since_it_was_retried():
    video = VideoFactory.build(owner=None, backend=None, created_at=NOW - timedelta(days=3), due_at=NOW)
    assert step_started_at(video) == NOW
