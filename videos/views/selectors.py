"""What cards need beside their row, read in a constant number of queries."""

from collections.abc import Iterable

from django.db.models import Prefetch, prefetch_related_objects

from videos.engine import durations, fair_queue
from videos.models import State, Video
from videos.models.video import VideoQuerySet


def with_queue_info(videos: Iterable[Video]) -> list[Video]:
    """Return the videos with what drawing them takes: the `place` in the queue of those that are queued, what
    is `usual` for those that run, the backend of those that failed. Besides what `turns.places` asks, that is
    a query for those that run and one for those that failed, however many.
    """
    drawn = list(videos)
    places = fair_queue.queue_positions(drawn)
    for video in drawn:
        video.queue_position = places.get(video.pk)
    _recall_usual([video for video in drawn if video.state == State.IN_PROGRESS])
    prefetch_related_objects([video for video in drawn if video.state == State.FAILED], "backend")
    return drawn


def _recall_usual(running: list[Video]) -> None:
    pasts = durations.stats_for(durations.profile_of(video) for video in running)
    for video in running:
        if expected := pasts[durations.profile_of(video)].expected:
            video.typical_seconds, video.p97_seconds = expected.median, expected.end


def with_tags(videos: VideoQuerySet) -> VideoQuerySet:
    """The videos with their `labels`, which cards show, in one query more."""
    return videos.prefetch_related(Prefetch("tags", to_attr="labels"))
