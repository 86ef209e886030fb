"""Scenes follow the words of the prompt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.scenes.directions import Directions, read_directions
from simulator.scenes.palettes import build_palette, choose_palette
from simulator.scenes.selection import FAMILIES, build_scene
from simulator.scenes.shapes import SHAPES, draw_shape

SIZE = (96, 54)


def _frame(
    prompt: str, t: float = 1.0, *, composition: str = "", size: tuple[int, int] = SIZE, without: str = ""
) -> Any:
    """Return what is drawn of a prompt, always in the same colours."""
    scene = build_scene(composition or prompt, prompt, *size, without=without)
    return scene.frame(t, build_palette("dusk", ""))


def _brightness(palette: str, prompt: str) -> float:
    return float(build_palette(palette, prompt).ramp.mean())


@pytest.mark.parametrize(
    ("prompt", "directions"),
    [
        ("A lighthouse in a storm at night", Directions("sea", "night", "storm", ("lighthouse",))),
        (
            "A fox crosses a snowy clearing, very slow push-in",
            Directions("forest", "", "snow", ("fox",), "push", 0.6),
        ),
        ("City towers at dawn, aerial", Directions("skyline", "dawn", "", (), "rise")),
        ("Time-lapse of a poppy", Directions("", "", "", ("flower",), "", 4.0)),
        ("A living room, no people, no rain", Directions("interior")),
        ("Three boats, two birds and a whale", Directions("sea", "", "", ("boat", "bird"))),
        ("Qwxz", Directions()),
        ("", Directions()),
    ],
)
def test_words_are_directions(prompt: str, directions: Directions) -> None:
    assert read_directions(prompt) == directions


def test_the_place_is_the_one_that_most_words_name() -> None:
    assert read_directions("A sea turtle below the waterline, bubbles").place == "underwater"


def test_what_is_unwanted_is_not_shown() -> None:
    assert read_directions("A boat in the rain", without="no rain, boat") == Directions()
    assert read_directions("A lighthouse and a boat", without="boat").subjects == ("lighthouse",)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A lake", "A boat on a lake"),
        ("A lake", "A lake in the rain"),
        ("A lake", "A lake in the fog"),
        ("A lake", "A lake, handheld"),
        ("A boat at sea at dusk", "A boat at sea at noon"),
    ],
)
def test_one_word_more_is_seen(first: str, second: str) -> None:
    difference = np.abs(_frame(first, composition="x") - _frame(second, composition="x")).mean()
    assert difference > 0.003


def test_another_prompt_keeps_the_place_of_the_composition() -> None:
    """A remix of a seascape is the same sea, in whatever weather and with whomever it asks for."""
    sea, remix = _frame("The sea"), _frame("A forest with a fox", composition="The sea")
    assert np.array_equal(remix[: SIZE[1] // 8], sea[: SIZE[1] // 8])  # the sky, above the fox
    assert not np.array_equal(remix, sea)


def test_night_is_darker_and_day_is_lighter() -> None:
    assert _brightness("dusk", "at night") < _brightness("dusk", "") < _brightness("dusk", "at noon")


@pytest.mark.parametrize(
    ("prompt", "palette"),
    [
        ("A red boat at dawn", "scarlet"),
        ("A tram at dawn in the city", "coral"),
        ("A reef without coral in turquoise water", "lagoon"),
        ("A street in the city", "neon"),
    ],
)
def test_a_colour_outranks_the_time_of_day_and_that_the_rest(prompt: str, palette: str) -> None:
    assert choose_palette(prompt) == palette


def test_a_moment_is_drawn_the_same_again_and_another_one_differs() -> None:
    prompt = "A sailboat in a storm, handheld"
    assert np.array_equal(_frame(prompt, 2.0), _frame(prompt, 2.0))
    assert not np.array_equal(_frame(prompt, 2.0), _frame(prompt, 2.25))


def test_time_lapse_is_faster() -> None:
    scene, fast = (build_scene("The sea", words, *SIZE) for words in ("The sea", "The sea in time-lapse"))
    palette = build_palette("dusk", "")
    assert np.allclose(fast.frame(1.0, palette), scene.frame(4.0, palette))


@pytest.mark.parametrize("size", [(16, 16), (40, 90), (128, 16)])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_scene_fits_every_canvas(family: str, size: tuple[int, int]) -> None:
    places = {
        "stage": "lemon",
        "mountains": "hill",
        "dunes": "desert",
        "nebula": "galaxy",
        "skyline": "towers",
    }
    words = f"{places.get(family, family)} boat bird rain, tracking"
    words = {
        "interior": "room door boat",
        "city": "street crowd bird",
        "silk": "silk cloth",
        "aurora": "aurora",
    }.get(family, words)
    scene, palette = build_scene(words, words, *size), build_palette("dusk", "")
    for t in (0.0, 60.0):
        image = scene.frame(t, palette)
        assert image.shape == (size[1], size[0], 3)
        assert np.isfinite(image).all()


@pytest.mark.parametrize("name", SHAPES)
def test_every_outline_has_an_inside_and_an_outside(name: str) -> None:
    mask = draw_shape(name, 48)
    assert mask.shape == (48, 48)
    assert 0.03 < mask.mean() < 0.85
    assert (mask.min(), mask.max()) == (0, 1)
