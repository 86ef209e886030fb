"""A sign of life may be the lease of one process. Earlier code writes rows without these columns."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0111_moved_file")]

    operations = [
        migrations.AddField(
            model_name="heartbeat",
            name="holder",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="heartbeat",
            name="holder_name",
            field=models.CharField(db_default="", default="", max_length=200),
        ),
    ]
