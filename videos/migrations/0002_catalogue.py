"""The models everyone knows, as the protocol's guide described them."""

from django.db import migrations

SIZES = ["1280x720", "720x1280", "1024x1792", "1792x1024"]
MODELS = [
    ("sora-2", "Sora 2", "Fast, standard quality"),
    ("sora-2-pro", "Sora 2 Pro", "Slower, high quality"),
]


def fill(apps, schema_editor):
    VideoModel = apps.get_model("videos", "VideoModel")
    for position, (name, label, description) in enumerate(MODELS):
        VideoModel.objects.get_or_create(
            name=name,
            defaults={
                "label": label,
                "description": description,
                "sizes": SIZES,
                "seconds": [4, 8, 12],
                "position": position,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("videos", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
