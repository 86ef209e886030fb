"""What older studios knew without saying it: every backend came from the settings and served every model."""

from django.db import migrations

PRICES = {  # dollars for a second, as they were while OpenAI served them
    "sora-2": {"*": "0.10"},
    "sora-2-pro": {"1280x720": "0.30", "720x1280": "0.30", "1024x1792": "0.50", "1792x1024": "0.50"},
}


def fill(apps, schema_editor):
    Backend = apps.get_model("videos", "Backend")
    VideoModel = apps.get_model("videos", "VideoModel")
    names, addresses = set(), set()
    for backend in Backend.objects.order_by("pk"):
        backend.name = _free(backend.name, names)
        if not backend.is_simulator:
            # Two processes could make the same one; only the first was ever used again.
            backend.from_environment = backend.enabled = backend.base_url not in addresses
        names.add(backend.name)
        addresses.add(backend.base_url)
        backend.save(update_fields=["name", "from_environment", "enabled"])
        backend.models.set(VideoModel.objects.all())
    for name, prices in PRICES.items():
        VideoModel.objects.filter(name=name, price_per_second={}).update(price_per_second=prices)


def _free(name, taken):
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[:90]} ({number})"
    return free


class Migration(migrations.Migration):
    dependencies = [("videos", "0009_model_price")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
