"""What the simulator takes beyond the protocol: seed, negative prompt and sound."""

from pathlib import Path

import pytest

from simulator import protocol
from simulator.protocol import ApiError
from simulator.renderer import VIDEO, render_video
from simulator.scene_spec import Options, SceneSpec, from_json, new_spec, with_take


def spec(prompt: str = "A quiet lake", **options: object) -> SceneSpec:
    return new_spec(prompt, "720x1280", 4, high_quality=False, options=Options(**options))


def test_a_seed_gives_the_same_picture_each_time_and_another_seed_another():
    assert spec(seed=7) == spec(seed=7)
    assert len({spec(seed=seed).composition for seed in range(20)}) == 20


def test_without_a_seed_everything_is_as_before():
    first = spec()

    assert first.composition == "A quiet lake"
    assert with_take(first, 2).composition != first.composition
    assert "silent" not in first.to_json()
    assert "negative_prompt" not in first.to_json()


def test_a_negative_prompt_keeps_colours_away_that_it_names():
    assert spec("A fire in the hills").segments[0].palette == "ember"
    assert spec("A fire in the hills", negative_prompt="flame, neon").segments[0].palette != "ember"
    assert spec(negative_prompt="rain").segments


def test_a_spec_is_stored_and_read_again():
    asked = spec(seed=7, negative_prompt="rain", sound=False)
    assert from_json(asked.to_json()) == asked


@pytest.mark.parametrize("sound", [True, False])
def test_sound_can_be_left_out(tmp_path: Path, sound: bool):
    import av

    render_video(spec(sound=sound), tmp_path, tmp_path / "out", 2)

    with av.open(str(tmp_path / "out" / VIDEO)) as container:
        assert bool(container.streams.audio) is sound


@pytest.mark.parametrize("value", ["x", "", -1, 1.5, True, 2**31, "9" * 30, [], "٣"])
def test_a_seed_that_is_none_is_refused(value: object):
    with pytest.raises(ApiError) as refused:
        protocol.parse_seed({"seed": value})
    assert refused.value.param == "seed"


@pytest.mark.parametrize(("value", "seed"), [(7, 7), ("7", 7), (0, 0), (2**31 - 1, 2**31 - 1), (None, None)])
def test_a_seed_is_read_from_json_and_forms(value: object, seed: int | None):
    assert protocol.parse_seed({"seed": value}) == seed


@pytest.mark.parametrize("value", ["perhaps", 1, [], ""])
def test_sound_that_is_neither_on_nor_off_is_refused(value: object):
    with pytest.raises(ApiError):
        protocol.parse_sound({"generate_audio": value})


@pytest.mark.parametrize("value", [7, "x" * 2001, "\ud800"])
def test_a_negative_prompt_that_is_no_text_is_refused(value: object):
    with pytest.raises(ApiError):
        protocol.parse_negative_prompt({"negative_prompt": value})


def test_words_are_read():
    assert protocol.parse_sound({"generate_audio": "false"}) is False
    assert protocol.parse_sound({}) is True
    assert protocol.parse_negative_prompt({"negative_prompt": " "}) == ""
    assert protocol.parse_negative_prompt({"negative_prompt": "rain"}) == "rain"
