"""Takes: videos of one prompt with the same settings, asked for in one go."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.urls import reverse

from videos.models import State, Video
from videos.views.access import Request
from videos.views.compare import MAX_VIDEOS, MIN_VIDEOS


@dataclass(frozen=True)
class OtherTakes:
    """The other takes of a video that one may see, and the address that compares the finished ones.

    The address is empty where they cannot be compared.
    """

    videos: list[Video]
    compare_url: str = ""


def other_takes(request: Request, video: Video) -> OtherTakes:
    """Return the other takes, without the trash, in order. One query; none for a video without takes."""
    if video.take_group is None:
        return OtherTakes([])
    visible = Video.objects.visible_to(request.user).not_trashed()
    takes = list(visible.filter(owner=video.owner_id, take_group=video.take_group).order_by("take"))
    finished = [each.public_id for each in takes if each.state == State.COMPLETED]
    can_compare = MIN_VIDEOS <= len(finished) <= MAX_VIDEOS
    compare_url = f"{reverse('videos:compare')}?{urlencode({'id': finished}, doseq=True)}"
    return OtherTakes([each for each in takes if each.pk != video.pk], compare_url if can_compare else "")


def sort_takes(videos: Iterable[Video]) -> list[Video]:
    """Return videos, newest first, with neighbouring takes of one group in the order of their numbers."""
    groups = groupby(videos, key=lambda video: video.take_group or video.pk)
    return [video for _, takes in groups for video in sorted(takes, key=lambda video: video.take)]
