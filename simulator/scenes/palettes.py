"""Curated colour palettes, chosen by the words of a prompt, else by its hash."""

from __future__ import annotations

import colorsys
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.directions import read_directions, words_of

Array = npt.NDArray[Any]

RAMP_STEPS = 1024

# Five colours each, from shadow to highlight, and a sixth for light that is added on top.
_PALETTES: dict[str, tuple[str, str, str, str, str, str]] = {
    "dusk": ("0a0d24", "2a1a4c", "84306c", "ea7168", "ffdcaa", "ffb27a"),
    "ember": ("0b080f", "390f20", "93292c", "e8743b", "ffe0a8", "ff8a3c"),
    "lagoon": ("03121e", "06374c", "0f7f86", "62d3b8", "f3fbdc", "8ff5d0"),
    "arctic": ("050a1b", "0f2f5b", "2d74a9", "90d3e3", "f5fbff", "bfe9ff"),
    "forest": ("050e0c", "11332b", "2f6d50", "a3c682", "f8f2c8", "e6f29a"),
    "rose": ("130a18", "47204c", "a64b78", "f39d9f", "ffebda", "ffb3c1"),
    "gold": ("0f0b08", "3a2818", "8c5d2c", "e0aa52", "fff3cf", "ffcf70"),
    "violet": ("070518", "221a60", "5c40c4", "b482f2", "f7e0ff", "c79bff"),
    "neon": ("05050f", "1a1150", "6f1f9c", "ff4f8b", "ffd9ec", "63e6ff"),
    "cinema": ("04111a", "0d3b4b", "3d8084", "f2a65e", "ffe9bd", "ffb562"),
    "silver": ("06080c", "1d2732", "4f6072", "abbac5", "f7f5f0", "e8eef5"),
    "coral": ("06121f", "123d5c", "8a5572", "f28a73", "ffeedb", "ffa98c"),
    "scarlet": ("0d0507", "3b0a12", "8f1420", "e2433f", "ffe3d6", "ff6a5a"),
    "azure": ("040a1c", "0c2a63", "1f63b8", "6db6f0", "f2faff", "9fd6ff"),
    "oak": ("0d0907", "33231a", "74523a", "c09a72", "f8ecd8", "ffdfae"),
    "paper": ("2a2724", "6d665e", "b5aa9c", "e4dacb", "fffaf1", "fff1d8"),
    "copper": ("0c0807", "35180f", "8a4326", "d9855a", "ffe2c8", "ffa66e"),
}

# A prompt that names a colour gets it; else a time of day; else what its other words are like.
_COLOURS: dict[str, str] = {
    "scarlet": "red scarlet crimson",
    "ember": "orange",
    "lagoon": "turquoise teal cyan",
    "azure": "blue azure navy cobalt",
    "forest": "green emerald olive",
    "rose": "pink rose",
    "gold": "gold golden amber yellow honey",
    "violet": "violet purple lavender lilac",
    "silver": "silver grey gray monochrome black",
    "coral": "coral peach salmon",
    "copper": "copper bronze rust terracotta",
    "oak": "brown",
    "paper": "white cream ivory beige linen birch",
}
_TIMES: dict[str, str] = {
    "coral": "sunrise dawn daybreak",
    "dusk": "sunset dusk evening twilight",
    "gold": "morning afternoon",
    "azure": "noon midday",
    "neon": "neon",
}
_MOODS: dict[str, str] = {
    "dusk": "horizon",
    "ember": "fire flame ember lava volcano autumn dragon",
    "lagoon": "tropical lagoon reef underwater jungle jellyfish turtle",
    "arctic": "snow snowy ice winter arctic frost cold glacier rain whale",
    "forest": "forest tree trees grass garden meadow spring moss fern",
    "rose": "flower flowers blossom bloom cherry love peony",
    "gold": "desert sand dunes wheat barley lemon coffee",
    "violet": "magic dream galaxy nebula stars",
    "neon": "city cyberpunk street tokyo robot disco club market",
    "cinema": "film cinematic drone road car train aerial",
    "silver": "fog mist moon storm",
    "coral": "beach summer island",
    "oak": "oak wooden table workshop potter luthier shoemaker cello",
    "paper": "cardboard paper letter box",
}


@dataclass(frozen=True)
class Palette:
    """A colour ramp of RAMP_STEPS RGB floats (0..1, shadow to highlight) and the colour of added light."""

    ramp: Array
    glow: Array

    def colour_at(self, tone: float) -> Array:
        """Return the RGB colour of a tone (0 shadow .. 1 highlight)."""
        colour: Array = self.ramp[int(min(max(tone, 0.0), 1.0) * (RAMP_STEPS - 1))]
        return colour

    def map_tones(self, tones: Array) -> Array:
        """Return the colours of an (h, w) plane of tones as an (h, w, 3) float32 image; clips to 0..1."""
        index = np.clip(tones * (RAMP_STEPS - 1), 0, RAMP_STEPS - 1).astype(np.int16)
        image: Array = self.ramp.take(index, axis=0)
        return image


def seed_from_text(text: str) -> int:
    """Return a 64-bit hash of the text, the same on every machine and in every process."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _named_by(text: str) -> list[str]:
    """Return the palettes that the words of a text name, the most certain first."""
    words = words_of(text)
    return [
        name
        for keywords in (_COLOURS, _TIMES, _MOODS)
        for word in words
        for name, listed in keywords.items()
        if word in listed.split()
    ]


def choose_palette(text: str, *, unlike: str | None = None, without: str = "") -> str:
    """Return the name of the palette for a prompt; never `unlike`, so that a remix looks different, and none
    that the words in `without` name.
    """
    names = list(_PALETTES)
    unwanted = {unlike, *_named_by(without)}
    name = next(iter(_named_by(text)), "") or names[seed_from_text(f"palette {text}") % len(names)]
    if name in unwanted:
        others = [other for other in names if other not in unwanted] or names
        name = others[seed_from_text(f"other {text}") % len(others)]
    return name


def build_palette(name: str, text: str) -> Palette:
    """Return the named palette in the light of the time that the prompt names.

    Its hue is shifted slightly by the prompt, so that no two prompts look alike.
    """
    hue_shift = (seed_from_text(f"hue {text}") % 1000 / 1000 - 0.5) * 0.05
    *stops, glow = (_shift_hue(code, hue_shift) for code in _PALETTES[name])
    positions = np.linspace(0, 1, len(stops))
    steps = np.linspace(0, 1, RAMP_STEPS)
    channels = [np.interp(steps, positions, [stop[i] for stop in stops]) for i in range(3)]
    ramp = _in_light_of(read_directions(text).time, np.stack(channels, axis=1))
    return Palette(ramp.astype(np.float32), np.array(glow, np.float32))


def _in_light_of(time: str, ramp: Array) -> Array:
    """Return the colours of a ramp as they are by night, or in full daylight."""
    if time == "night":
        return np.asarray(ramp**1.25 * np.array([0.76, 0.82, 0.98]))
    return np.asarray(ramp**0.78) if time == "day" else ramp


def blend_palettes(first: Palette, second: Palette, fraction: float) -> Palette:
    """Return `first` at fraction 0 (and below), `second` at 1 (and above), a blend in between."""
    if fraction <= 0:
        return first
    if fraction >= 1:
        return second
    first_weight, second_weight = np.float32(1 - fraction), np.float32(fraction)
    return Palette(
        first.ramp * first_weight + second.ramp * second_weight,
        first.glow * first_weight + second.glow * second_weight,
    )


def _shift_hue(code: str, shift: float) -> tuple[float, float, float]:
    """Return a hexadecimal RGB colour as floats, its hue shifted by a fraction of the circle."""
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    return colorsys.hls_to_rgb((hue + shift) % 1, lightness, saturation)
