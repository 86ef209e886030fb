from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Names that say what a field holds. Every row keeps its values."""

    dependencies = [
        ("accounts", "0002_api_token"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("videos", "0023_covering_indexes"),
    ]

    operations = [
        migrations.RenameField("video", "joins_source", "concat_with_source"),
        migrations.RenameField("video", "forget_at", "delete_job_at"),
        migrations.RenameModel("Receipt", "IdempotencyRecord"),
        migrations.RenameField("idempotencyrecord", "first_is_out", "is_first_outstanding"),
        migrations.RenameIndex("idempotencyrecord", old_name="receipt_again", new_name="idempotency_recent"),
        migrations.RemoveConstraint("idempotencyrecord", "one_receipt_per_idempotency_key"),
        migrations.AddConstraint(
            "idempotencyrecord",
            models.UniqueConstraint(
                fields=["owner", "key"],
                condition=~models.Q(key=""),
                name="one_record_per_idempotency_key",
            ),
        ),
        migrations.AlterField(
            "idempotencyrecord",
            "owner",
            models.ForeignKey(
                settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="idempotency_records"
            ),
        ),
        migrations.AlterField(
            "idempotencyrecord",
            "token",
            models.ForeignKey(
                "accounts.apitoken",
                on_delete=models.CASCADE,
                null=True,
                blank=True,
                related_name="idempotency_records",
            ),
        ),
        migrations.AlterField(
            "idempotencyrecord",
            "video",
            models.ForeignKey(
                "videos.video",
                on_delete=models.SET_NULL,
                null=True,
                related_name="idempotency_records",
                help_text="Empty when it was deleted since: the request is not carried out again all the same.",
            ),
        ),
    ]
