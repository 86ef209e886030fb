"""The prompts of the sample data, with mixed sizes, lengths and models."""

WIDE, TALL = ("sora-2", "1280x720"), ("sora-2", "720x1280")
CINEMA, STORY = ("sora-2-pro", "1792x1024"), ("sora-2-pro", "1024x1792")

VIDEOS = [
    ("A lighthouse in fog at first light, its lamp sweeping slowly over a grey sea", WIDE, 8),
    ("Rain runs down a tram window; the lights of the city blur behind it", TALL, 4),
    ("A fox crosses a snowy clearing at dusk, low sun, long lens", CINEMA, 4),
    ("Steam rises from a cup of coffee on a wooden table, morning light", TALL, 4),
    ("Slow dolly through a greenhouse full of ferns, drops on the leaves", WIDE, 4),
    ("A paper boat drifts down a gutter after the storm", WIDE, 4),
    ("Northern lights over a frozen lake, time-lapse, stars turning", CINEMA, 8),
    ("A dancer in a red coat spins on an empty square", STORY, 4),
    ("Close-up of a watchmaker's hands setting a tiny gear", WIDE, 4),
    ("A market at night, lanterns swaying, a cook tosses noodles", TALL, 8),
    ("Drone shot along a coast of black sand, waves drawing white lines", CINEMA, 4),
    ("A cat on a window sill watches the first snow", WIDE, 4),
    ("Ink spreads in clear water, slow motion, deep blue", TALL, 4),
    ("A desert road at noon, heat shimmering, one car far away", WIDE, 12),
    ("An old cinema projector starts, dust in the beam of light", CINEMA, 4),
    ("A child runs through a field of barley, camera at hip height", WIDE, 4),
    ("City at dawn from a roof, birds rising as the sun comes", TALL, 4),
    ("A glass tips over, milk in slow motion, white on black", WIDE, 4),
    ("A train crosses a viaduct in the mountains in autumn", CINEMA, 4),
    ("Jellyfish pulse through dark water, lit from below", STORY, 4),
    ("A baker dusts flour over fresh loaves, backlit", WIDE, 4),
    ("Hands fold an origami crane, top view, soft shadow", TALL, 4),
]

REMIX = "A lighthouse in fog at last light, its lamp sweeping slowly over a golden sea"
REMIX_AGAIN = "A lighthouse in a storm at last light, its lamp sweeping wildly over a golden sea"
EDIT = "A lighthouse in clear air at first light, its lamp sweeping slowly over a grey sea"
EXTENSION = "The camera rises over the lighthouse until the whole coast lies below"
TAKES = "A paper crane unfolds itself on a slate table, one soft light from the left"
FROM_REFERENCE = "The camera pushes in slowly while the light changes from noon to dusk"
BUSY = [
    "A hot-air balloon rises out of the mist, seen from another basket",
    "A glassblower turns a glowing vase, sparks on dark ground",
    "Waves roll in under a pier, black and white, long exposure",
    "A red kite over the dunes, shot against the sun",
    "A robot waters the plants of an abandoned station",
    "A violin maker carves a scroll, curls of maple falling",
    "Two koi circle each other, seen from above",
    "A street of umbrellas from a balcony, rain starting",
]
