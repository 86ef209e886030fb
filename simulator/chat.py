"""A stand-in for a chat model that helps with prompts: rules, no AI.

To a text it adds what the text does not say: a shot, a light, a movement. An image it describes by its
colour, brightness and shape. The same question always gets the same answer.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from simulator.protocol import ApiError

MODEL = "prompt-helper"
_MAX_IMAGE_BYTES = 8 * 1024 * 1024
_MAX_PIXELS = 4096 * 4096
_BYTES_PER_TOKEN = 4

# What a prompt lacks is found by the words that it would have, and taken from these.
_SHOT_WORDS = r"shot|close-?up|wide|aerial|drone|tracking|pan|dolly|handheld|pov|zoom|camera"
_LIGHT_WORDS = r"light|lit|sun|dawn|dusk|noon|night|neon|golden|shadow|glow|moon|candle"
_MOTION_WORDS = r"slow|fast|motion|moves|drifts|runs|walks|turns|rises|falls|flows|spins"
_LENS_WORDS = r"lens|mm\b|bokeh|depth of field|grain|35mm|anamorphic|macro"
_WATER = r"sea|ocean|wave|lake|river|rain|beach|boat|ship|fish"
_CITY = r"city|street|neon|tokyo|paris|london|car|train|market|skyline"
_NATURE = r"forest|mountain|tree|snow|field|meadow|desert|valley|fox|deer|bird"
_PEOPLE = r"man|woman|child|girl|boy|person|people|dancer|chef|portrait|face"

_SHOTS = {
    _WATER: ("low shot just above the water", "slow aerial shot over the water"),
    _CITY: ("tracking shot at street level", "slow push down the street"),
    _NATURE: ("wide shot that slowly moves in", "low tracking shot through the undergrowth"),
    _PEOPLE: ("medium close-up at eye level", "slow half circle around the subject"),
    "": ("wide establishing shot that slowly moves in", "steady tracking shot"),
}
_LIGHTS = {
    _WATER: ("silver light of an overcast morning", "late sun glittering on the surface"),
    _CITY: ("reflections of shop signs on wet ground", "blue hour with warm windows"),
    _NATURE: ("soft golden morning light and thin mist", "long shadows of a low sun"),
    _PEOPLE: ("soft window light from one side", "warm light of a late afternoon"),
    "": ("soft diffuse daylight", "warm light from one side with deep shadows"),
}
_MOTIONS = ("gentle natural movement", "calm and continuous movement", "small movements in the background")
_LENSES = (
    "35mm lens, shallow depth of field",
    "50mm lens, fine film grain",
    "anamorphic lens, soft background",
)
_COLOURS = (
    ("red", (200, 50, 45)),
    ("orange", (225, 135, 50)),
    ("yellow", (230, 210, 80)),
    ("green", (70, 140, 70)),
    ("turquoise", (60, 170, 165)),
    ("blue", (60, 100, 190)),
    ("violet", (130, 80, 170)),
    ("pink", (225, 140, 170)),
    ("brown", (120, 85, 60)),
    ("white", (240, 240, 240)),
    ("grey", (128, 128, 128)),
    ("black", (20, 20, 20)),
)


def complete(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to the body of a request for a chat completion. Raises ApiError."""
    model, messages = fields.get("model"), fields.get("messages")
    if not isinstance(model, str) or not model:
        raise ApiError("Missing required parameter: 'model'.", param="model")
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        raise ApiError("'messages' should be a list of messages.", param="messages")
    text, images = _last_question(messages)
    answer = describe(_open(images[-1])) if images else improve(text)
    asked = sum(len(str(each.get("content"))) for each in messages if isinstance(each, Mapping))
    tokens = [max(1, length // _BYTES_PER_TOKEN) for length in (min(asked, 100_000), len(answer))]
    return {
        "id": f"chatcmpl-{hashlib.sha256(answer.encode()).hexdigest()[:24]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer},
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": tokens[0],
            "completion_tokens": tokens[1],
            "total_tokens": sum(tokens),
        },
    }


def question_of(fields: Mapping[str, Any]) -> str:
    """Return the text that is asked, for fault rules that match it; empty where there is none."""
    messages = fields.get("messages")
    return _last_question(messages)[0] if isinstance(messages, list) else ""


def improve(prompt: str) -> str:
    """Return the prompt with a shot, a light, a movement and a lens, as far as it names none."""
    text = " ".join(prompt.split()).rstrip(" .,;")
    if not text:
        raise ApiError("There is nothing to improve.", param="messages")
    missing = [
        (_SHOT_WORDS, _of_scene(_SHOTS, text)),
        (_LIGHT_WORDS, _of_scene(_LIGHTS, text)),
        (_MOTION_WORDS, _MOTIONS),
        (_LENS_WORDS, _LENSES),
    ]
    added = [_choose(choices, text) for words, choices in missing if not _mentions(words, text)]
    return ", ".join([text, *added]) + "."


def describe(image: Image.Image) -> str:
    """Return a prompt for the image, of what can be measured in it."""
    average = image.convert("RGB").resize((1, 1), Image.Resampling.BOX)
    mean = list(average.tobytes())
    brightness = sum(mean) / 3
    width, height = image.size
    shape = "wide" if width > height * 1.1 else "tall" if height > width * 1.1 else "square"
    tone = "dark, low-key" if brightness < 80 else "bright, airy" if brightness > 175 else "evenly lit"
    light = "light from a single source" if brightness < 80 else "soft daylight"
    return (
        f"A {shape}, {tone} scene in shades of {_nearest_colour(mean)}, {light},"
        " the camera slowly moves in, gentle natural movement."
    )


def _nearest_colour(mean: Sequence[float]) -> str:
    def distance(colour: tuple[str, tuple[int, int, int]]) -> float:
        return sum((ours - theirs) ** 2 for ours, theirs in zip(mean, colour[1], strict=True))

    return min(_COLOURS, key=distance)[0]


def _of_scene(choices: Mapping[str, Sequence[str]], text: str) -> Sequence[str]:
    return next(found for words, found in choices.items() if not words or _mentions(words, text))


def _mentions(words: str, text: str) -> bool:
    return re.search(rf"\b(?:{words})", text, re.IGNORECASE) is not None


def _choose(choices: Sequence[str], text: str) -> str:
    return choices[hashlib.sha256(text.encode(errors="replace")).digest()[0] % len(choices)]


def _last_question(messages: Sequence[Any]) -> tuple[str, list[str]]:
    """Return the text and the addresses of images of the last message of a user."""
    asked = [each for each in messages if isinstance(each, Mapping) and each.get("role") == "user"]
    content = asked[-1].get("content") if asked else ""
    if isinstance(content, str):
        return content, []
    parts = [each for each in content if isinstance(each, Mapping)] if isinstance(content, list) else []
    texts = [str(each.get("text", "")) for each in parts if each.get("type") == "text"]
    images = [each.get("image_url") for each in parts if each.get("type") == "image_url"]
    return " ".join(texts), [str(each.get("url", "")) for each in images if isinstance(each, Mapping)]


def _open(address: str) -> Image.Image:
    kind, _, encoded = address.partition(";base64,")
    if not kind.startswith("data:image/") or len(encoded) > _MAX_IMAGE_BYTES:
        raise ApiError("An image has to be a 'data:' URL of at most 8 MB.", param="messages")
    try:
        image = Image.open(
            io.BytesIO(base64.b64decode(encoded, validate=True)), formats=["JPEG", "PNG", "WEBP"]
        )
        if image.width * image.height > _MAX_PIXELS:
            raise ApiError("The image has too many pixels.", param="messages")
        image.load()
    except (ValueError, OSError, SyntaxError) as error:
        raise ApiError("The image cannot be read.", param="messages") from error
    return image
