"""The library's order “Best first”, of one's own videos and of everybody's."""

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Coalesce

from contentgen.concurrent_indexes import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("videos", "0117_rating")]
    operations = [
        AddIndexConcurrently(
            "video",
            models.Index(F("owner"), Coalesce("rating", 0).desc(), F("id").desc(), name="video_best"),
        ),
        AddIndexConcurrently(
            "video",
            models.Index(
                Coalesce("rating", 0).desc(),
                F("id").desc(),
                name="video_team_best",
                condition=models.Q(deleted_at=None, trashed_at=None),
            ),
        ),
    ]
