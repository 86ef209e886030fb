"""A few prompts to start with. Staff change or remove them in the admin."""

from django.db import migrations

TEMPLATES = [
    (
        "Product reveal",
        "A matte black bottle turns slowly on wet stone, one soft light sweeping across the label, fine mist"
        " rising behind it, macro lens, shallow focus, calm and expensive.",
        4,
        "1280x720",
    ),
    (
        "City at dawn",
        "Slow aerial glide over a quiet city at first light, fog between the towers, warm windows, a single"
        " tram crossing a bridge, long shadows, cinematic and hopeful.",
        8,
        "1792x1024",
    ),
    (
        "Story opener",
        "Close on a paper boat set down in a rain-filled gutter; the camera follows it at water level as it"
        " starts to move, neon reflections trembling around it, night, 35 mm film.",
        8,
        "720x1280",
    ),
    (
        "Recipe in one shot",
        "Overhead shot of a wooden table: hands scatter flour, press dough, lay basil leaves, each move flowing"
        " into the next, bright morning light, crisp and appetising.",
        12,
        "720x1280",
    ),
    (
        "Quiet nature",
        "A fox crosses a snowy clearing and stops to listen, breath visible, pine branches sagging with snow,"
        " very slow push-in, soft grey light, no music, only presence.",
        8,
        "1280x720",
    ),
    (
        "Abstract background",
        "Slow currents of ink and gold dust folding through deep blue water, endless and even, no focal point,"
        " seamless motion to put words over.",
        12,
        "1792x1024",
    ),
    (
        "Explainer moment",
        "Tiny paper-craft houses light up one after another across a folded cardboard valley as a thread of"
        " light runs between them, stop-motion look, playful, clear shapes.",
        8,
        "1280x720",
    ),
    (
        "Poster in motion",
        "A tall red curtain breathes in a draft; through the gap a lone dancer in white turns once and is still,"
        " high contrast, strong single colour, room for a title above.",
        4,
        "1024x1792",
    ),
]


def fill(apps, schema_editor):
    PromptTemplate = apps.get_model("videos", "PromptTemplate")
    for position, (title, prompt, seconds, size) in enumerate(TEMPLATES):
        PromptTemplate.objects.get_or_create(
            title=title, defaults={"prompt": prompt, "seconds": seconds, "size": size, "position": position}
        )


class Migration(migrations.Migration):
    dependencies = [("videos", "0002_catalogue")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
