"""Images from before they could be used again: each gets its id, and when a video last asked for it."""

import secrets

from django.db import migrations
from django.db.models import Max


def fill(apps, schema_editor):
    ReferenceImage = apps.get_model("videos", "ReferenceImage")
    images = ReferenceImage.objects.annotate(asked_at=Max("videos__created_at")).order_by("pk")
    for image in images.iterator():
        ReferenceImage.objects.filter(pk=image.pk).update(
            public_id=f"ref_{secrets.token_hex(16)}", used_at=image.asked_at or image.created_at
        )


class Migration(migrations.Migration):
    dependencies = [("videos", "0019_reference_kept")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
