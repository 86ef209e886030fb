"""What the owner thinks of a video, and which take was chosen."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0116_prompt_help")]

    operations = [
        migrations.AddField(
            "video",
            "rating",
            models.PositiveSmallIntegerField(
                blank=True,
                editable=False,
                null=True,
                help_text="From 1 to 5, as its owner judged it; empty for one that is not rated.",
                validators=[MinValueValidator(1), MaxValueValidator(5)],
            ),
        ),
        migrations.AddField(
            "video",
            "chosen_at",
            models.DateTimeField(
                blank=True,
                editable=False,
                null=True,
                help_text="When it was chosen among its takes: the latest stands for all of them.",
            ),
        ),
    ]
