"""The sound track: a soft, slowly swelling chord."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenes.palettes import seed_from_text

SAMPLE_RATE = 48_000
_CHORDS = ((0, 7, 12, 16), (0, 7, 10, 15), (0, 5, 12, 17), (0, 7, 14, 16), (0, 3, 10, 14))  # semitones


def synthesize_chord(text: str, seconds: int) -> npt.NDArray[Any]:
    """Return mono float32 samples at SAMPLE_RATE, the same for the same text.

    They are quiet (peaks under 0.3), with a fade-in and a fade-out.
    """
    rng = np.random.default_rng(seed_from_text(f"sound {text}"))
    root = 110.0 * 2 ** (int(rng.integers(0, 9)) / 12)
    t = np.arange(seconds * SAMPLE_RATE, dtype=np.float32) / SAMPLE_RATE
    total = np.zeros_like(t)
    for semitones in _CHORDS[int(rng.integers(len(_CHORDS)))]:
        frequency = root * 2 ** (semitones / 12)
        swell = 0.6 + 0.4 * np.sin(2 * np.pi * t * rng.uniform(0.06, 0.22) + rng.uniform(0, 6.3))
        for detune in (0.9985, 1.0015):
            total += np.sin(2 * np.pi * frequency * detune * t) * swell * (0.022 * 220 / frequency)
    fade = np.minimum(1, np.minimum(t / 0.8, (seconds - t) / 0.8))
    samples: npt.NDArray[Any] = (total * np.clip(fade, 0, 1)).astype(np.float32)
    return samples
