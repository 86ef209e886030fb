"""What the words of a prompt ask for: place, time of day, weather, subjects, the camera's movement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

# Each word stands for what is before it. A prompt gets the place that most of its words name, and of times,
# weathers and movements the first that is named.
_PLACES: dict[str, str] = {
    "stage": (
        "product bottle lemon splash studio backdrop plinth unboxing box cup coffee watch perfume "
        "shoe shoes sneaker sneakers table pizza bread cake dish recipe clay potter plain cardboard "
        "book toy robot violin guitar"
    ),
    "interior": (
        "room interior living hall courtyard door window windows curtain curtains workshop kitchen library "
        "museum gallery office attic letter projector stage"
    ),
    "forest": "forest wood woods jungle fern moss pine pines bamboo orchard clearing beetle",
    "underwater": (
        "underwater waterline below bubbles reef turtle fish whale shark dolphin jellyfish diver "
        "submarine octopus koi"
    ),
    "mountains": (
        "mountain mountains hill hills valley peak landscape castle cabin train cliff village tree "
        "trees meadow garden park vineyard"
    ),
    "dunes": "desert dune dunes sand camel savanna field fields road barley wheat prairie pickup car",
    "aurora": "aurora lake northern polar fjord",
    "sea": (
        "sea ocean wave waves beach ship ships boat boats sailboat island surf lighthouse coast water shore "
        "harbour harbor gutter river pier"
    ),
    "nebula": "space star stars galaxy nebula planet astronaut cosmos universe rocket orbit station comet",
    "silk": (
        "abstract silk fabric linen denim wool cloth flow liquid ink smoke logo gradient gradients "
        "currents frosted threads weave"
    ),
    "skyline": (
        "city skyline towers tower skyscraper skyscrapers rooftops roof bridge tram paris lisbon "
        "london york berlin buildings paper-craft"
    ),
    "city": (
        "street streets lights neon cafe bokeh crowd crowded market party club disco friends taipei "
        "tokyo marrakesh naples fireworks lanterns balcony"
    ),
}
# What a scene is of, if the words name only when it is, how the weather is, or somebody.
_PLACES_BY_MOOD: dict[str, str] = {
    "sea": "sunset sunrise horizon kite",
    "aurora": "night winter",
    "forest": "fox wolf owl fog mist snow snowy",
    "mountains": "cat dog horse bird birds crane cranes balloon balloons house child girl boy",
    "stage": "lantern candle vase bowl tea fruit apple orange plant flower glass cello",
    "nebula": "moon",
    "city": "rain",
    "silk": "dance dancer music dress",
}
_TIMES: dict[str, str] = {
    "dawn": "dawn sunrise daybreak morning",
    "day": "noon midday day daylight sunny sunlit bright",
    "dusk": "dusk sunset evening twilight golden afternoon",
    "night": "night midnight moonlight moonlit nocturnal neon",
}
_WEATHERS: dict[str, str] = {
    "rain": "rain rainy raining drizzle umbrella umbrellas downpour",
    "storm": "storm stormy thunder thunderstorm lightning hurricane wildly",
    "snow": "snow snowy snowing snowfall blizzard",
    "fog": "fog foggy mist misty haze hazy steam smoke",
}
_SUBJECTS: dict[str, str] = {
    "boat": "boat boats ship ships",
    "sailboat": "sailboat yacht sail sails",
    "lighthouse": "lighthouse",
    "house": "house houses cabin village hut",
    "castle": "castle fortress",
    "tree": "tree trees pine pines",
    "flower": "flower flowers peony poppy iris tulip blossom bloom",
    "plant": "plant seedling sprout",
    "fox": "fox wolf",
    "cat": "cat kitten",
    "dog": "dog puppy",
    "horse": "horse horses",
    "bird": "bird birds gull gulls seagull crane cranes owl",
    "fish": "fish koi",
    "turtle": "turtle",
    "whale": "whale dolphin shark",
    "jellyfish": "jellyfish",
    "person": "person man woman girl boy child traveller cyclist dancer figure diver",
    "astronaut": "astronaut cosmonaut",
    "robot": "robot robots android",
    "car": "car pickup truck taxi van",
    "train": "train tram locomotive",
    "balloon": "balloon balloons",
    "kite": "kite kites",
    "rocket": "rocket spaceship",
    "planet": "planet earth mars saturn",
    "bottle": "bottle perfume",
    "lemon": "lemon orange apple fruit",
    "cup": "cup coffee tea mug bowl",
    "glass": "glasses wine drink cheers cocktail",
    "box": "box cardboard parcel unboxing",
    "shoe": "shoe shoes sneaker sneakers",
    "bag": "bag backpack suitcase",
    "letter": "letter envelope",
    "dish": "pizza dish cake plate bread",
    "vase": "vase pot potter clay ceramic",
    "cello": "cello violin guitar luthier",
    "lantern": "lantern lanterns lamp candle",
    "umbrella": "umbrella umbrellas",
}
_MOVES: dict[str, str] = {
    "push": "push-in push pushes dolly closer approach approaches towards zoom macro",
    "pull": "pull-back pull pulls away recede recedes reveal reveals",
    "rise": "rise rises rising aerial crane ascends lifts drone",
    "pan": (
        "pan pans glide glides gliding tracking track tracks alongside sideways follows sweeps walk walking"
    ),
    "turn": "turn turns turning orbit orbits circling circles rotate rotates roll spins",
    "shake": "handheld shaky running chase",
    "still": "still static locked-off locked fixed tripod",
}
_SLOW = frozenset({"slow", "slowly", "calm", "unhurried", "gentle", "gently", "quiet", "endless", "drifting"})
_FAST = frozenset({"fast", "quick", "quickly", "racing", "energetic", "wildly", "frantic", "chase"})
_TIME_LAPSE = frozenset({"time-lapse", "timelapse", "hyperlapse"})
_NEGATIONS = frozenset({"no", "without", "never", "not"})
_MAX_SUBJECTS = 2


@dataclass(frozen=True)
class Directions:
    """What a prompt asks for. Empty where its words do not say.

    `pace` is how fast things move, 1 as usual. `subjects` are in the order of the prompt, at most two.
    """

    place: str = ""
    time: str = ""
    weather: str = ""
    subjects: tuple[str, ...] = ()
    move: str = ""
    pace: float = 1.0

    def or_else(self, other: Directions) -> Directions:
        """Return these, with what they leave open as in `other`, and its place if it has one."""
        return replace(
            self,
            place=other.place or self.place,
            time=self.time or other.time,
            weather=self.weather or other.weather,
            subjects=self.subjects or other.subjects,
            move=self.move or other.move,
        )


def read_directions(text: str, *, without: str = "") -> Directions:
    """Return what the words of a prompt ask for; never what those in `without` name, or what follows “no”."""
    unwanted = set(words_of(without, negated=True))
    words = [word for word in words_of(text) if word not in unwanted]
    return Directions(
        place=_most_named(words, _PLACES) or _most_named(words, _PLACES_BY_MOOD),
        time=_first(words, _TIMES),
        weather=_first(words, _WEATHERS),
        subjects=tuple(dict.fromkeys(_named(words, _SUBJECTS)))[:_MAX_SUBJECTS],
        move=_first(words, _MOVES),
        pace=_pace(set(words)),
    )


def words_of(text: str, *, negated: bool = False) -> list[str]:
    """Return the words of a text in lower case; without any that follows a “no”, unless `negated`."""
    words = re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower())
    if negated:
        return words
    return [word for before, word in zip(["", *words], words, strict=False) if before not in _NEGATIONS]


def _first(words: list[str], keywords: dict[str, str]) -> str:
    return next(_named(words, keywords), "")


def _most_named(words: list[str], keywords: dict[str, str]) -> str:
    """Return what most of the words name; of several, what is named first; nothing if no word names any."""
    named = list(_named(words, keywords))
    return max(named, key=named.count, default="")


def _named(words: list[str], keywords: dict[str, str]) -> Iterator[str]:
    """Yield what the words name, in their order."""
    names = {word: name for name, listed in keywords.items() for word in listed.split()}
    return (names[word] for word in words if word in names)


def _pace(words: set[str]) -> float:
    if words & _TIME_LAPSE:
        return 4.0
    if words & _FAST:
        return 1.8
    return 0.6 if words & _SLOW else 1.0
