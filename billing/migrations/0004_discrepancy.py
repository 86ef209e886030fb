"""What did not fit together when ledger and videos were last compared."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_open_ledger")]
    operations = [
        migrations.CreateModel(
            name="Discrepancy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("video_id", models.BigIntegerField()),
                ("sentence", models.CharField(max_length=300)),
                ("found_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name_plural": "discrepancies",
                "ordering": ["video_id", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=["video_id", "sentence"], name="one_row_per_discrepancy")
                ],
            },
        ),
    ]
