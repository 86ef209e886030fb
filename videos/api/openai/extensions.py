"""Fields beyond the protocol, and fields of it that an endpoint does not take.

One that would change what is made or paid is refused by name, until it is known here. One that means nothing
here, such as `user` or `metadata`, is let be, and named in the answer's header `Ignored-Fields`.
"""

import re
from collections.abc import Iterable

from django.http import HttpRequest

from videos.api.errors import unknown_parameter

# Words of names that say how long, how large, how many or how good: `num_frames`, `aspectRatio`, `n`.
_PAID_WORDS = frozenset(
    [
        *("aspect", "batch", "count", "dimensions", "duration", "fps", "frame", "frames", "framerate"),
        *("height", "length", "n", "num", "number", "numframes", "outputs", "quality", "quantity", "ratio"),
        *("resolution", "samples", "second", "seconds", "size", "takes", "time", "times", "upscale"),
        *("variations", "videos", "width", "h", "w"),
    ]
)
# What servers of the protocol are known to take besides, and what the protocol takes elsewhere.
_MEANT = frozenset(
    [
        *("audio", "boundary_ratio", "cfg_scale", "characters", "enhance_prompt", "extra_args"),
        *("extra_body", "extra_params", "first_frame", "flow_shift", "generate_audio", "generate_sound"),
        *("guidance", "guidance_rescale", "guidance_scale", "guidance_scale_2", "image", "image_url"),
        *("images", "input_reference", "input_references", "last_frame", "lora", "lora_scale", "loras"),
        *("model", "negative_prompt", "output_format", "prompt", "reference", "reference_images"),
        *("reference_url", "references", "scheduler", "seed", "size", "source", "steps", "strength"),
        *("style", "true_cfg_scale", "video", "video_reference"),
    ]
)
_NOTES = "contentgen.ignored_fields"  # in the request's META
_UNSAFE = re.compile(r"[^\x21-\x7e]|,")  # in a header that is a list of names
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def refuse_or_note(request: HttpRequest, names: Iterable[str]) -> None:
    """Raise `ApiError` for the first of `names` that means something; note the others for the answer."""
    ignored = sorted(names)
    for name in ignored:
        if _means_something(name):
            raise unknown_parameter(name)
    if ignored:
        request.META[_NOTES] = ", ".join(_UNSAFE.sub("?", name[:100]) for name in ignored[:20])


def noted(request: HttpRequest) -> str:
    """Return the names of the fields that were ignored, with commas between them; empty without any."""
    return str(request.META.get(_NOTES, ""))


def _means_something(name: str) -> bool:
    words = {word.lower() for word in _WORD.findall(name)}
    return name.lower() in _MEANT or not words.isdisjoint(_PAID_WORDS)
