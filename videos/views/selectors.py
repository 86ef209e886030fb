"""What cards are drawn from besides their row, read in a constant number of queries."""

from collections.abc import Iterable

from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone

from videos.engine import durations, fair_queue
from videos.models import State, Video
from videos.models.video_queries import VideoQuerySet
from videos.services.held_videos import explain_hold
from videos.services.queue_entries import describe_start, estimate_starts, is_due
from videos.services.variants import can_vary


def with_queue_info(videos: Iterable[Video]) -> list[Video]:
    """Return the videos with the `queue_position` of those that are queued, or the `hold_reason` of those
    that are held, the `typical_seconds` of those that are being made, the backend of those that failed, need
    a decision, wait there, were charged for, or have a price for one more, and the candidates of those that
    need a decision. `probable_start` is of those that are queued, in words.

    Besides the queries of `fair_queue.queue_positions`, that is one for those in progress, one for the
    backends, one for the candidates, two for those that wait, and four for those that are held, however many
    there are.
    """
    drawn = list(videos)
    positions = fair_queue.queue_positions(drawn)
    for video in drawn:
        video.queue_position = positions.get(video.pk)
    _add_hold_reasons([video for video in drawn if video.state == State.QUEUED and not video.queue_position])
    _add_starts([video for video in drawn if video.queue_position], positions)
    running = [video for video in drawn if video.state == State.IN_PROGRESS and not video.queued_at_backend]
    _add_typical_durations(running)
    named = [video for video in drawn if _names_backend(video)]
    prefetch_related_objects(named, "backend")
    prefetch_related_objects([video for video in drawn if video.needs_decision], "candidates")
    return drawn


def _names_backend(video: Video) -> bool:
    is_priced = video.state == State.FAILED or can_vary(video)
    return is_priced or video.needs_decision or video.waits_at_backend or video.charged is not None


def _add_hold_reasons(waiting: list[Video]) -> None:
    prefetch_related_objects(waiting, "backend", "owner__video_queue", "batch")
    for video in waiting:
        video.hold_reason = explain_hold(video)


def _add_starts(waiting: list[Video], positions: dict[int, int]) -> None:
    prefetch_related_objects(waiting, "backend")
    now = timezone.now()
    starts = estimate_starts([video for video in waiting if is_due(video, now)], positions)
    for video in waiting:
        video.probable_start = describe_start(starts.get(video.pk))


def _add_typical_durations(running: list[Video]) -> None:
    stats = durations.stats_for(durations.profile_of(video) for video in running)
    for video in running:
        if estimate := stats[durations.profile_of(video)].estimate:
            video.typical_seconds = estimate.median


def with_tags(videos: VideoQuerySet) -> VideoQuerySet:
    """Return the videos with their tags in `tag_list`, which cards show, in one more query."""
    return videos.prefetch_related(Prefetch("tags", to_attr="tag_list"))
