"""What a collection's rule deletes for good is found without looking through the trash."""

from django.db import migrations, models

from contentgen.concurrent_indexes import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("videos", "0108_days_in_the_trash")]
    operations = [
        AddIndexConcurrently(
            "video",
            models.Index(
                fields=["purge_due_at"],
                name="video_purge",
                condition=models.Q(trashed_at__isnull=False, purge_due_at__isnull=False),
            ),
        ),
    ]
