"""Takes judged: which one stands for all of them, and what becomes of the others."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from videos.models import State, Video
from videos.services.library import move_to_trash


def other_takes_of(video: Video) -> list[Video]:
    """Return the video's other takes that are not in the trash, in order."""
    if video.take_group is None:
        return []
    takes = Video.objects.owned_by(video.owner_id).not_trashed().filter(take_group=video.take_group)
    return list(takes.exclude(pk=video.pk).order_by("take"))


def find_best(takes: Sequence[Video]) -> Video:
    """Return the take that stands for all: the one chosen last, else the favourite, the best rated, the first
    that is finished.
    """
    return max(
        takes,
        key=lambda take: (
            take.chosen_at.timestamp() if take.chosen_at else 0,
            take.favourite,
            take.rating or 0,
            take.state == State.COMPLETED,
            -take.take,
        ),
    )


@transaction.atomic
def choose_take(video: Video, reject: Iterable[Video] = ()) -> list[Video]:
    """Have the video stand for all of its takes, and move those to `reject` to the trash.

    What is in flight stays: it is paid for, and may be better. Returns what was moved.
    """
    video.chosen_at = timezone.now()
    Video.objects.filter(pk=video.pk).update(chosen_at=video.chosen_at)
    moved = [each for each in reject if each.pk != video.pk and not each.is_in_flight]
    move_to_trash(moved)
    return moved
