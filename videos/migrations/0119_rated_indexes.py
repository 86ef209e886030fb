"""The order “Best first” is found among the rated ones, of which a poll writes none.

The indexes of 0118 held every video, and each poll wrote to both of them: a twentieth of its WAL.
"""

from django.db import migrations, models

from contentgen.concurrent_indexes import AddIndexConcurrently, RemoveIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("videos", "0118_rating_indexes")]
    operations = [
        AddIndexConcurrently(
            "video",
            models.Index(
                fields=["owner", "-rating", "-id"],
                name="video_rated",
                condition=models.Q(rating__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "video",
            models.Index(
                fields=["-rating", "-id"],
                name="video_team_rated",
                condition=models.Q(rating__isnull=False, deleted_at=None, trashed_at=None),
            ),
        ),
        RemoveIndexConcurrently("video", "video_best"),
        RemoveIndexConcurrently("video", "video_team_best"),
    ]
