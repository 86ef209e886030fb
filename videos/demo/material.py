"""What the people of the demo have made: who they are, and what they asked for."""

from dataclasses import dataclass

from accounts.models import Role

PREFIX = "demo-"  # of their usernames


@dataclass(frozen=True)
class Person:
    """Somebody of the demo, and how many of the prompts are theirs, in turn."""

    username: str
    first_name: str
    role: Role
    share: int


MARA = Person(f"{PREFIX}mara", "Mara", Role.MANAGER, 2)
JONAS = Person(f"{PREFIX}jonas", "Jonas", Role.CREATOR, 3)
AIKO = Person(f"{PREFIX}aiko", "Aiko", Role.CREATOR, 2)
TOM = Person(f"{PREFIX}tom", "Tom", Role.VIEWER, 0)
PEOPLE = (MARA, JONAS, AIKO, TOM)

MODEL = "sora-2"
WIDE, TALL = "1280x720", "720x1280"
SECONDS = 4

PROMPTS = (
    "A lighthouse in fog at first light, its lamp sweeping slowly over a grey sea",
    "Rain runs down a tram window; the lights of the city blur behind it",
    "A fox crosses a snowy clearing at dusk, low sun, long lens",
    "Steam rises from a cup of coffee on a wooden table, morning light",
    "Slow dolly through a greenhouse full of ferns, drops on the leaves",
    "A paper boat drifts down a gutter after the storm",
    "Northern lights over a frozen lake, time-lapse, stars turning",
    "A dancer in a red coat spins on an empty square",
    "Close-up of a watchmaker's hands setting a tiny gear",
    "A market at night, lanterns swaying, a cook tosses noodles",
    "Drone shot along a coast of black sand, waves drawing white lines",
    "A cat on a window sill watches the first snow",
    "Ink spreads in clear water, slow motion, deep blue",
    "A desert road at noon, heat shimmering, one car far away",
    "An old cinema projector starts, dust in the beam of light",
    "A child runs through a field of barley, camera at hip height",
    "City at dawn from a roof, birds rising as the sun comes",
    "A glass tips over, milk in slow motion, white on black",
    "A train crosses a viaduct in the mountains in autumn",
    "Jellyfish pulse through dark water, lit from below",
    "A baker dusts flour over fresh loaves, backlit",
    "Hands fold an origami crane, top view, soft shadow",
    "A hot-air balloon rises out of the mist, seen from another basket",
    "A glassblower turns a glowing vase, sparks on dark ground",
    "Waves roll in under a pier, black and white, long exposure",
    "A red kite over the dunes, shot against the sun",
    "A robot waters the plants of an abandoned station",
    "A violin maker carves a scroll, curls of maple falling",
    "Two koi circle each other, seen from above",
    "A street of umbrellas from a balcony, rain starting",
    "Sunflowers turn towards the light, a day in four seconds",
    "A skater draws a line across a frozen canal at night",
    "Tea is poured from high above, each drop sharp",
    "A lantern floats away over a still river",
    "Clouds pour over a ridge like water, early morning",
    "A record begins to turn, the needle comes down",
    "Paint runs down a white wall in five colours",
    "A bicycle leans on a yellow house, its shadow moving",
    "The tide fills footprints on a beach, one by one",
    "A moth circles a lamp on a porch, crickets in the dark",
    "Steel is forged, orange sparks in slow motion",
    "A library at night, one reading lamp after another goes out",
    "Leaves fall on a tennis court nobody plays on",
    "A ferry leaves the harbour, gulls behind it",
)
TAKES = "A paper crane unfolds itself on a slate table, one soft light from the left"
REMIX = "A lighthouse in fog at last light, its lamp sweeping slowly over a golden sea"
REMIX_AGAIN = "A lighthouse in a storm at last light, its lamp sweeping wildly over a golden sea"
EDIT = "A lighthouse in clear air at first light, its lamp sweeping slowly over a grey sea"
EXTENSION = "The camera rises over the lighthouse until the whole coast lies below"
FAILED = "A crowd in front of the statue of somebody famous, photorealistic"
UNCERTAIN = "The sea of clouds from a cable car, the valley opening below"
WAITING = "A minute-long flight over the old town, from the river to the castle"

BATCH_NAME = "Window spots"
BATCH = "prompt,size,tags\n" + "".join(
    f'"A shop window with {what}, {light}, one slow push in",{size},window\n'
    for what, size in (("tin toys", WIDE), ("spring coats", TALL), ("old cameras", WIDE), ("bread", WIDE))
    for light in ("at dawn", "at noon", "at night")
)
COLLECTIONS = {
    "Autumn campaign": ("Everything for the launch in October.", "private", 0, 9),
    "Moods": ("What the team keeps coming back to.", "team", 5, 12),
    "Homepage candidates": ("", "private", 14, 5),
}
TAGS = {"for review": 6, "autumn spot": 4, "homepage": 11}  # each on every so-many-th video
NOTE = "The second half is the better one; ask Aiko about the music before Friday."
