from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0048_frames_and_references")]

    operations = [
        migrations.AlterModelOptions(
            name="backend",
            options={
                "ordering": ["position", "pk"],
                "permissions": [("connect_backend", "Can connect a backend, with its key")],
            },
        ),
        migrations.AddField(
            model_name="backend",
            name="stored_key",
            field=models.TextField(
                blank=True,
                default="",
                editable=False,
                help_text="A key that was pasted, encrypted with SECRET_KEY.",
            ),
        ),
        migrations.AddField(
            model_name="backend",
            name="key_stored_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="backend",
            name="key_confirmed_for",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="The key and the address that were confirmed together: the key goes nowhere else.",
                max_length=700,
            ),
        ),
    ]
