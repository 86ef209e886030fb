"""What the administration filters by without a wait: why videos failed lately, models, kinds and costs."""

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Coalesce

from contentgen.concurrent_indexes import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("videos", "0114_video_text")]
    operations = [
        AddIndexConcurrently(
            "video",
            models.Index(
                F("error_code"),
                Coalesce("finished_at", "created_at").desc(),
                name="video_error_ended",
                condition=~models.Q(error_code=""),
            ),
        ),
        AddIndexConcurrently("video", models.Index(fields=["model", "-id"], name="video_model")),
        AddIndexConcurrently("video", models.Index(fields=["kind", "-id"], name="video_kind")),
        AddIndexConcurrently(
            "video", models.Index(Coalesce("charged", "price"), F("id").desc(), name="video_cost")
        ),
    ]
