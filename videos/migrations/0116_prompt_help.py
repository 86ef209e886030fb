"""Questions to the chat server that helps with prompts, while they are under way and may cost something."""

import django.utils.timezone
from django.db import migrations, models

import videos.models.prompt_help


class Migration(migrations.Migration):
    dependencies = [("videos", "0115_admin_filter_indexes")]

    operations = [
        migrations.CreateModel(
            name="PromptHelpCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "ledger_name",
                    models.CharField(default=videos.models.prompt_help.new_ledger_name, max_length=64),
                ),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"ordering": ["pk"]},
        ),
    ]
