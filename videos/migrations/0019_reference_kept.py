import videos.models.reference_image
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0018_takes")]
    operations = [
        migrations.AddField(
            model_name="referenceimage",
            name="public_id",
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="referenceimage",
            name="name",
            field=models.CharField(blank=True, default="", max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="referenceimage",
            name="thumbnail",
            field=models.FileField(
                blank=True,
                default="",
                editable=False,
                max_length=255,
                upload_to=videos.models.reference_image._path,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="referenceimage",
            name="used_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="referenceimage",
            name="deleted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
