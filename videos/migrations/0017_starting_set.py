"""The starting set: templates with blanks, categories and pictures, in the place of the eight of 0003.

Of those eight, what staff have changed stays as they left it, and what they deleted stays deleted.
"""

import importlib

from django.db import migrations

first_eight = importlib.import_module("videos.migrations.0003_prompt_templates").TEMPLATES

WIDE, LAND, PORT, TALL = "1792x1024", "1280x720", "720x1280", "1024x1792"

# (category, title, picture, prompt, seconds, size)
TEMPLATES = [
    ("Product", "Product reveal", "product-reveal",
     "{product|A matte black bottle} turns slowly on {surface|wet stone,brushed steel,raw linen,white sand}, one soft"
     " light sweeping across it from left to right, fine mist rising behind, macro lens, shallow focus, calm and"
     " expensive.", 4, LAND),
    ("Product", "Splash", "splash",
     "{product|A cut lemon} drops into clear water in extreme slow motion; the splash opens like a crown and closes"
     " again, drops hang in the air, {colour|deep teal,warm amber,pure white} backdrop, crisp side light, 1000 frames"
     " a second.", 4, PORT),
    ("Product", "Unboxing", "unboxing",
     "Overhead view of a plain cardboard box on a {table|dark oak,pale birch} table; two hands lift the lid, fold back"
     " tissue paper and raise {product|a pair of white sneakers} into the light, unhurried, soft window light from"
     " the left.", 8, PORT),
    ("Product", "Fabric close-up", "fabric-close-up",
     "Extreme close-up of {fabric|silk,linen,denim,wool} in {colour|rust red} moving in a slow breeze, every thread"
     " visible, light raking across the folds, the camera gliding along the weave, tactile and quiet.", 4, LAND),
    ("Product", "In use, on the move", "in-use-on-the-move",
     "A {person|young woman,man in his sixties,cyclist} crosses a sunlit street with {product|a canvas backpack},"
     " camera tracking alongside at hip height, long lens, passers-by blurred, natural skin, late afternoon, a"
     " confident pace.", 8, LAND),
    ("Place", "City at dawn", "city-at-dawn",
     "Slow aerial glide over the city lights of {city|Paris,Tokyo,Lisbon,New York} at dawn, fog between the towers,"
     " warm windows going out one by one, a single tram crossing a bridge, cinematic and hopeful.", 8, WIDE),
    ("Place", "Open house", "open-house",
     "One continuous steadicam walk through a {style|mid-century,Scandinavian,Japanese} living room towards tall"
     " windows and the garden beyond, curtains breathing, dust in the sunbeams, no people, level horizon, inviting.",
     12, LAND),
    ("Place", "Night market", "night-market",
     "Walking pace through a crowded market in {city|Taipei,Marrakesh,Naples} at night, steam and neon, hands passing bowls of"
     " {food|noodles}, shallow focus, handheld but steady, lively and warm.", 8, PORT),
    ("Place", "Desert road", "desert-road",
     "A drone follows {vehicle|an old red pickup} along an empty desert road at {time|sunrise,noon,dusk}, dust"
     " trailing gold behind it, heat shimmer on the horizon, the camera slowly rising until the road is a thread.",
     8, WIDE),
    ("Place", "Coast from above", "coast-from-above",
     "Straight-down drone shot of waves drawing white lines on {shore|black sand,pale pebbles,red rock}, the camera"
     " turning a slow quarter circle, one small figure walking the edge of the water, wide and calm.", 8, TALL),
    ("Story", "Story opener", "story-opener",
     "Close on {object|a paper boat} set down in a rain-filled gutter; the camera follows at water level as it starts"
     " to move, neon reflections trembling around it, night, 35 mm film.", 8, PORT),
    ("Story", "The letter", "the-letter",
     "An old hand slides {object|a letter} under a door; light falls through the gap, a shadow stops on the other"
     " side and slowly bends down, locked-off camera at floor level, {mood|tense,tender}, no dialogue.", 8, LAND),
    ("Story", "Arrival by train", "arrival-by-train",
     "Through the window of a slowing train {traveller|a girl with a cello} watches the mountains of {country|Norway}"
     " slide by and then the small station where somebody waits, reflections on the glass, pale winter sun, film"
     " grain.", 12, LAND),
    ("Story", "Signal from orbit", "signal-from-orbit",
     "An astronaut drifts past a station window holding {object|a small plant}, Earth turning blue below, one warm"
     " instrument light blinking, silence, slow roll of the camera, awe rather than danger.", 8, WIDE),
    ("Nature", "Quiet nature", "quiet-nature",
     "{animal|A fox} crosses a snowy clearing and stops to listen, breath visible, pine branches sagging with snow,"
     " very slow push-in, soft grey light, no music, only presence.", 8, LAND),
    ("Nature", "Time-lapse bloom", "time-lapse-bloom",
     "Macro time-lapse of {flower|a peony,a poppy,an iris} opening from bud to full bloom against a dark ground, petals"
     " unfolding like breath, one drop of dew catching the light, perfectly still camera.", 8, PORT),
    ("Nature", "Forest after rain", "forest-after-rain",
     "Low glide over moss and fern in {season|spring,late summer,autumn} forest after rain, shafts of sun through the"
     " mist, a beetle climbing a stem in the foreground, drops falling in slow motion.", 8, LAND),
    ("Nature", "Under the surface", "under-the-surface",
     "Split shot at the waterline of a tropical sea: above, a wooden boat at rest; below, {animal|a sea turtle} rising"
     " through rays of light, tiny bubbles, turquoise, unhurried.", 8, TALL),
    ("Background", "Abstract background", "abstract-background",
     "Slow currents of ink and {metal|gold,silver,copper} dust folding through deep {colour|blue} water, endless and"
     " even, no focal point, seamless motion to put words over.", 12, WIDE),
    ("Background", "Soft gradients", "soft-gradients",
     "Large soft shapes of {first_colour|coral} and {second_colour|violet} light drifting behind frosted glass, very"
     " slow, no edges, fine grain, a calm ground for a title, loops without a seam.", 8, LAND),
    ("Background", "Paper layers", "paper-layers",
     "Layers of cut {colour|cream} paper sliding over one another like hills at dusk, soft shadows between them,"
     " camera drifting sideways, minimal, plenty of empty space on the {side|left,right}.", 8, WIDE),
    ("Background", "Star field", "star-field",
     "Slow flight among countless stars towards a faint {colour|rose,teal,golden} nebula, dust drifting past the"
     " lens, deep blacks, nothing sudden, made to run behind credits.", 12, WIDE),
    ("People", "Recipe in one shot", "recipe-in-one-shot",
     "Overhead shot of a wooden table: hands make {dish|a margherita pizza}, scattering, pressing, laying, each move"
     " flowing into the next, bright morning light, crisp and appetising.", 12, PORT),
    ("People", "Maker at work", "maker-at-work",
     "Close on the hands of {maker|a potter,a luthier,a shoemaker} at work, then a slow tilt up to a concentrated face,"
     " workshop light through dusty glass, tools in soft focus, honest and unposed.", 8, LAND),
    ("People", "Cheers", "cheers",
     "Four friends around a garden table raise {drink|glasses of iced tea} and laugh, camera circling slowly at"
     " shoulder height, string lights, golden hour, real smiles, vertical framing with room for a caption.", 4, PORT),
    ("People", "Poster in motion", "poster-in-motion",
     "A tall {colour|red} curtain breathes in a draft; through the gap a lone dancer in white turns once and is still,"
     " high contrast, one strong colour, room for a title above.", 4, TALL),
    ("Explainer", "Explainer moment", "explainer-moment",
     "Tiny paper-craft houses light up one after another across a folded cardboard valley as a thread of {colour|warm}"
     " light runs between them, stop-motion look, playful, clear shapes.", 8, LAND),
    ("Explainer", "Before and after", "before-and-after",
     "One locked-off view of {place|a grey courtyard}; a soft wave of light passes from left to right and leaves"
     " {change|a garden full of people} behind it, same angle, same hour, bright and optimistic.", 8, LAND),
    ("Explainer", "How it is made", "how-it-is-made",
     "Clay animation on a plain backdrop: simple shapes roll in, fold and snap together step by step into {product},"
     " one clear action at a time, pauses between steps, friendly colours, top light.", 12, LAND),
]  # fmt: skip


def fill(apps, schema_editor):
    PromptTemplate = apps.get_model("videos", "PromptTemplate")
    shared = PromptTemplate.objects.filter(owner=None)
    old = {title: (number, *rest) for number, (title, *rest) in enumerate(first_eight)}
    for number, (category, title, picture, prompt, seconds, size) in enumerate(TEMPLATES):
        values = {"category": category, "picture": picture, "prompt": prompt, "seconds": seconds, "size": size}
        position = 10 * (number + 1)
        if title not in old:
            if not shared.filter(title=title).exists():
                PromptTemplate.objects.create(title=title, position=position, **values)
            continue
        place, old_prompt, old_seconds, old_size = old[title]
        untouched = shared.filter(
            title=title, prompt=old_prompt, seconds=old_seconds, size=old_size, model="", category="", picture=""
        )
        keys = list(untouched.values_list("pk", flat=True))
        PromptTemplate.objects.filter(pk__in=keys).update(**values)
        PromptTemplate.objects.filter(pk__in=keys, position=place).update(position=position)


class Migration(migrations.Migration):
    dependencies = [("videos", "0016_library_indexes")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
