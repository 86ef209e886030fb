"""Empty the trash for good, of one person or of everybody, in steps that can be cut off anywhere."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from videos.engine import cleanup
from videos.models import Video
from videos.models.video_queries import VideoQuerySet
from videos.services.video_actions import delete_video

CHUNK = 200  # videos that are read at a time
_TRIES = 3  # at one backend, of cleaning up a video whose job it does not let go of


@dataclass(frozen=True)
class TrashOf:
    """What somebody has in the trash. `size` is in bytes, of videos and their copies for browsers."""

    owner: str
    videos: int
    size: int


@dataclass
class CleanUp:
    """How many videos were removed with their files, and how many were left to the workers.

    Those are sources of videos in flight, and videos whose backend could not be asked to delete its job.
    """

    removed: int = 0
    left: int = 0


def find_trash(*, days: int = 0, owner: User | None = None) -> VideoQuerySet:
    """Return the videos that have been in the trash for so many days."""
    trashed = Video.objects.filter(trashed_at__lte=timezone.now() - timedelta(days=days), deleted_at=None)
    return trashed.filter(owner=owner) if owner else trashed


def summarise(trash: VideoQuerySet) -> list[TrashOf]:
    """Return whose the videos are and how large, the largest first."""
    size = Sum(Coalesce("byte_count", 0) + Coalesce("browser_byte_count", 0))
    rows = trash.order_by().values_list("owner__username").annotate(videos=Count("pk"), size=size)
    return [TrashOf(*row) for row in rows.order_by(F("size").desc(), "owner__username")]


def delete_trash(trash: VideoQuerySet) -> Iterator[int]:
    """Delete the videos, a chunk at a time, and yield how many each time.

    One that was restored meanwhile stays. Each is hidden at once; its files, its job and its row go after
    that, in `clean_up` or by a worker.
    """
    last = 0
    while keys := list(trash.order_by("pk").filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        yield sum(_delete(trash, pk) for pk in keys)
        last = keys[-1]


def clean_up(*, owner: User | None = None) -> CleanUp:
    """Remove files, jobs and rows of all that is deleted, and not only what this run deleted.

    A backend at which this fails a few times is not asked any more: the workers go on with its videos.
    """
    failures, result, last = Counter[int](), CleanUp(), 0
    deleted = Video.objects.filter(deleted_at__isnull=False)
    due = cleanup.due_videos(timezone.now()).filter(deleted_at__isnull=False).order_by("pk")
    if owner:
        deleted, due = deleted.filter(owner=owner), due.filter(owner=owner)
    while rows := list(due.filter(pk__gt=last).values_list("pk", "backend")[:CHUNK]):
        for pk, backend in rows:
            if failures[backend] < _TRIES:
                cleanup.clean_up_video(pk)
                is_left = Video.objects.filter(pk=pk).exists()
                failures[backend] += is_left
                result.removed += not is_left
        last = rows[-1][0]
    result.left = deleted.count()
    return result


def _delete(trash: VideoQuerySet, pk: int) -> bool:
    with transaction.atomic():
        video = trash.select_for_update(of=("self",)).filter(pk=pk).first()
        return video is not None and delete_video(video)
