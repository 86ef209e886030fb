"""Signs of life of the scheduler and the workers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0025_help_texts")]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("role", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("beat_at", models.DateTimeField()),
            ],
        ),
    ]
