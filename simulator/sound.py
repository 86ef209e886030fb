"""A soft chord that breathes, seeded by the prompt."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.art.palettes import seed_of

RATE = 48_000
_CHORDS = ((0, 7, 12, 16), (0, 7, 10, 15), (0, 5, 12, 17), (0, 7, 14, 16), (0, 3, 10, 14))


def tone(text: str, seconds: int) -> npt.NDArray[Any]:
    """Mono float32 samples at RATE, quiet (peaks under 0.3), faded in and out; the same for the same text."""
    rng = np.random.default_rng(seed_of(f"sound {text}"))
    root = 110.0 * 2 ** (int(rng.integers(0, 9)) / 12)
    at = np.arange(seconds * RATE, dtype=np.float32) / RATE
    total = np.zeros_like(at)
    for step in _CHORDS[int(rng.integers(len(_CHORDS)))]:
        pitch = root * 2 ** (step / 12)
        breath = 0.6 + 0.4 * np.sin(2 * np.pi * at * rng.uniform(0.06, 0.22) + rng.uniform(0, 6.3))
        for detune in (0.9985, 1.0015):
            total += np.sin(2 * np.pi * pitch * detune * at) * breath * (0.022 * 220 / pitch)
    fade = np.minimum(1, np.minimum(at / 0.8, (seconds - at) / 0.8))
    quiet: npt.NDArray[Any] = (total * np.clip(fade, 0, 1)).astype(np.float32)
    return quiet
