"""Takes: videos of one wish, asked for in one go."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.urls import reverse

from videos.models import State, Video
from videos.views.access import Request
from videos.views.compare import FEWEST, MOST


@dataclass(frozen=True)
class Siblings:
    """The other takes of a video, as far as its owner has them, and where to compare those that are done."""

    others: list[Video]
    compare: str = ""


def siblings(request: Request, video: Video) -> Siblings:
    """Return the other takes that are not in the trash, in order. One query, and none for a video alone."""
    if video.take_group is None:
        return Siblings([])
    on_show = Video.objects.visible_to(request.user).not_trashed()
    all_takes = list(on_show.filter(take_group=video.take_group).order_by("take"))
    done = [each.public_id for each in all_takes if each.state == State.COMPLETED]
    address = f"{reverse('videos:compare')}?{urlencode({'id': done}, doseq=True)}"
    comparable = FEWEST <= len(done) <= MOST
    return Siblings([each for each in all_takes if each.pk != video.pk], address if comparable else "")


def in_order(videos: Iterable[Video]) -> list[Video]:
    """Return videos, newest first, with those that stand together as takes in the order of their numbers."""
    together = groupby(videos, key=lambda video: video.take_group or video.pk)
    return [video for _, takes in together for video in sorted(takes, key=lambda video: video.take)]
