"""The log of transitions: a row for each, written in the transaction of the transition itself."""

from collections.abc import Iterable, Sequence
from typing import Any

from celery import current_task
from django.db.models import Count, Max

from audit.origin import current_origin
from videos.lifecycle import story
from videos.models import State, Video, VideoTransition

MAX_KEPT = 200  # of one video; one that a backend puts off for days goes back and forth
_INSERT_BATCH_SIZE = 500
_WINDOW = 1_000_000  # rows looked at for videos with too many: those that grow have theirs among the latest
_PRUNED_AT_ONCE = 50  # videos


def log(pk: int, old: State, new: State, error_code: str) -> None:
    """Note that the video went from `old` to `new`, in the transaction that is under way."""
    VideoTransition(video_id=pk, old=old, new=new, error_code=error_code, **_origin()).save(force_insert=True)


def log_created(videos: Iterable[Video]) -> None:
    """Note that the videos were created, each in the state that it is in, in the transaction under way."""
    origin = _origin()
    rows = [VideoTransition(video=video, new=video.state, **origin) for video in videos]
    VideoTransition.objects.bulk_create(rows, batch_size=_INSERT_BATCH_SIZE)
    story.tell_created([row.video for row in rows])


def log_restored(video: Video, history: Sequence[VideoTransition]) -> None:
    """Note the history of a video that comes from elsewhere, in the transaction under way.

    What has become of its state on the way is added to it.
    """
    if not history:
        log_created([video])
        return
    for row in history:
        row.video = video
    VideoTransition.objects.bulk_create(history, batch_size=_INSERT_BATCH_SIZE)
    last = State(history[-1].new)
    if last != video.state:
        log(video.pk, last, State(video.state), video.error_code)


def prune() -> int:
    """Remove the oldest rows of videos that have more than `MAX_KEPT`. Returns how many were removed."""
    latest = VideoTransition.objects.aggregate(pk=Max("pk"))["pk"] or 0
    recent = VideoTransition.objects.filter(pk__gt=latest - _WINDOW).order_by().values("video")
    crowded = recent.annotate(rows=Count("pk")).filter(rows__gt=MAX_KEPT).values_list("video", flat=True)
    return sum(_prune(pk) for pk in list(crowded[:_PRUNED_AT_ONCE]))


def _prune(pk: int) -> int:
    rows = VideoTransition.objects.filter(video=pk)
    oldest_kept = rows.order_by("-pk").values_list("pk", flat=True)[MAX_KEPT - 1]
    return rows.filter(pk__lt=oldest_kept).delete()[0]


def _origin() -> dict[str, Any]:
    """Return the columns that say by what it is done: from the request, or the task that is under way."""
    origin = current_origin()
    person, token = origin.find_person(), origin.token
    return {
        "door": origin.door,
        "user_id": person.pk if person else None,
        "username": person.get_username() if person else "",
        "token_id": token.pk if token else None,
        "token_name": token.name if token else "",
        **_task(),
    }


def _task() -> dict[str, str]:
    if not current_task:
        return {}
    return {
        "task": current_task.name.rpartition(".")[2][:60],
        "worker": str(current_task.request.hostname or "")[:100],
    }
