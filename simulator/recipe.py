"""What a film is made of. A recipe is complete in itself: a film can be made again from it at any time."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from simulator.art.palettes import palette_name


@dataclass(frozen=True)
class Act:
    """A stretch of film under one prompt. `colours` names its palette; `seconds` is its length."""

    prompt: str
    colours: str
    seconds: int


@dataclass(frozen=True)
class Recipe:
    """All that decides a film's pixels and sound, but the frame rate.

    `composition` is the text that seeds the scene. `reference` (a picture) or `clip` (a video) name a file
    among the inputs: the picture is the first frame; the clip is played as the first act.
    """

    width: int
    height: int
    fine: bool
    composition: str
    acts: tuple[Act, ...]
    reference: str | None = None
    clip: str | None = None

    @property
    def seconds(self) -> int:
        """The length of the whole film."""
        return sum(act.seconds for act in self.acts)

    def inputs(self) -> list[str]:
        """The names of the input files it needs."""
        return [name for name in (self.reference, self.clip) if name]

    def to_json(self) -> str:
        """The recipe as it is kept in the store and handed to a render process."""
        return json.dumps(asdict(self))


def from_json(text: str) -> Recipe:
    """The inverse of `Recipe.to_json`."""
    fields = json.loads(text)
    fields["acts"] = tuple(Act(**act) for act in fields["acts"])
    return Recipe(**fields)


def fresh(prompt: str, size: str, seconds: int, *, fine: bool, reference: str | None = None) -> Recipe:
    """A new film; `fine` asks for the better picture of the bigger model."""
    width, height = (int(side) for side in size.split("x"))
    act = Act(prompt, palette_name(prompt), seconds)
    return Recipe(width, height, fine, prompt, (act,), reference=reference)


def taken_again(first: Recipe, take: int) -> Recipe:
    """Another take of a new film, numbered from 2: composed anew, in other colours where the prompt names
    none. The first is the film itself.
    """
    if take == 1:
        return first
    # No word of a prompt is lost, so what it says of place and light holds for every take.
    composition = f"{first.composition}\n{take}"
    (act,) = first.acts
    return replace(first, composition=composition, acts=(replace(act, colours=palette_name(composition)),))


def recoloured(source: Recipe, prompt: str) -> Recipe:
    """The same composition under another prompt, always in other colours than the source ends in."""
    colours = palette_name(prompt, unlike=source.acts[-1].colours)
    return replace(source, acts=tuple(Act(prompt, colours, act.seconds) for act in source.acts))


def extended(source: Recipe, prompt: str, seconds: int) -> Recipe:
    """The source, then `seconds` more that go on from its last frame under another prompt."""
    return replace(source, acts=(*source.acts, Act(prompt, palette_name(prompt), seconds)))
