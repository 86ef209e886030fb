"""The scene spec: a complete description of a video, from which it can be rendered again at any time."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from simulator.scenes.palettes import choose_palette

_ADDED_FIELDS = frozenset({"silent", "negative_prompt", "last_frame", "references"})


@dataclass(frozen=True)
class Segment:
    """A part of a video with one prompt. `palette` is the name of its colours, `seconds` its length."""

    prompt: str
    palette: str
    seconds: int


@dataclass(frozen=True)
class Options:
    """What a create request may say beyond the protocol. The `negative_prompt` says what not to show."""

    seed: int | None = None
    negative_prompt: str = ""
    sound: bool = True


@dataclass(frozen=True)
class SceneSpec:
    """Everything that decides the pixels and the sound of a video, except its frame rate.

    `composition` is the text that seeds the scene. Images and the clip are names of input files: the image
    `reference` becomes the first frame and `last_frame` the last one of the first segment, the images
    `references` are shown small in a corner, the video `clip` is played as the first segment. A `silent` one
    has no sound track. `negative_prompt` names colours that are not chosen.
    """

    width: int
    height: int
    high_quality: bool
    composition: str
    segments: tuple[Segment, ...]
    reference: str | None = None
    clip: str | None = None
    silent: bool = False
    negative_prompt: str = ""
    last_frame: str | None = None
    references: tuple[str, ...] = ()

    @property
    def seconds(self) -> int:
        """The length of the whole video."""
        return sum(segment.seconds for segment in self.segments)

    @property
    def input_names(self) -> list[str]:
        """The names of the input files that rendering reads."""
        return [name for name in (self.reference, self.clip, self.last_frame, *self.references) if name]

    def to_json(self) -> str:
        """Return the spec as it is stored and sent to a render process.

        What was added later is left out where it says nothing, so that a spec of before is written as before.
        """
        said = {name: value for name, value in asdict(self).items() if value or name not in _ADDED_FIELDS}
        return json.dumps(said)


def from_json(text: str) -> SceneSpec:
    """Return the spec that `SceneSpec.to_json` wrote."""
    fields = json.loads(text)
    fields["segments"] = tuple(Segment(**segment) for segment in fields["segments"])
    fields["references"] = tuple(fields.get("references", ()))
    return SceneSpec(**fields)


def new_spec(
    prompt: str,
    size: str,
    seconds: int,
    *,
    high_quality: bool,
    reference: str | None = None,
    last_frame: str | None = None,
    references: tuple[str, ...] = (),
    options: Options = Options(),
) -> SceneSpec:
    """Return the spec of a new video; `high_quality` is for the larger model.

    With a seed it is that of this seed: the same one for the same prompt, whatever was made of it before.
    """
    width, height = (int(side) for side in size.split("x"))
    composition = prompt if options.seed is None else f"{prompt}\nseed {options.seed}"
    palette = choose_palette(composition, without=options.negative_prompt)
    return SceneSpec(
        width,
        height,
        high_quality,
        composition,
        (Segment(prompt, palette, seconds),),
        reference=reference,
        last_frame=last_frame,
        references=references,
        silent=not options.sound,
        negative_prompt=options.negative_prompt,
    )


def with_take(first: SceneSpec, take: int) -> SceneSpec:
    """Return take number `take` of a new video, whose first take is `first`.

    A later take has another composition, and other colours unless the prompt names some.
    """
    if take == 1:
        return first
    # The seed keeps every word of the prompt, so the place and light that it names hold for every take.
    composition = f"{first.composition}\n{take}"
    (segment,) = first.segments
    segments = (replace(segment, palette=choose_palette(composition, without=first.negative_prompt)),)
    return replace(first, composition=composition, segments=segments)


def recoloured(source: SceneSpec, prompt: str) -> SceneSpec:
    """Return the same composition with another prompt, always in other colours than the source ends in."""
    palette = choose_palette(prompt, unlike=source.segments[-1].palette)
    segments = tuple(Segment(prompt, palette, segment.seconds) for segment in source.segments)
    return replace(source, segments=segments)


def extended(source: SceneSpec, prompt: str, seconds: int) -> SceneSpec:
    """Return the source plus `seconds` more that continue from its last frame with another prompt."""
    return replace(source, segments=(*source.segments, Segment(prompt, choose_palette(prompt), seconds)))
