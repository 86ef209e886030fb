import django.utils.timezone
import videos.models.reference_image
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("videos", "0020_fill_references"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AlterField(
            model_name="referenceimage",
            name="public_id",
            field=models.CharField(
                default=videos.models.reference_image.new_reference_id,
                editable=False,
                max_length=64,
                unique=True,
            ),
        ),
        migrations.AlterField(
            model_name="referenceimage",
            name="used_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                help_text="When it was last uploaded, or asked for in a video.",
            ),
        ),
        migrations.AddIndex(
            model_name="referenceimage",
            index=models.Index(
                models.F("owner"),
                models.OrderBy(models.F("used_at"), descending=True),
                models.OrderBy(models.F("public_id"), descending=True),
                condition=models.Q(("deleted_at", None)),
                name="reference_newest",
            ),
        ),
    ]
