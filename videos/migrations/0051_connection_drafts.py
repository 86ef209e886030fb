import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("videos", "0050_stored_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConnectionDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("service", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=100)),
                ("base_url", models.CharField(max_length=500)),
                ("key_env", models.CharField(blank=True, max_length=100)),
                ("stored_key", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("checks", models.JSONField(default=list)),
                ("problem", models.TextField(blank=True)),
                ("offered_models", models.JSONField(default=list)),
                ("capabilities", models.JSONField(default=dict)),
                ("in_private_network", models.BooleanField(null=True)),
                ("max_in_flight", models.PositiveIntegerField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"default_permissions": ()},
        )
    ]
