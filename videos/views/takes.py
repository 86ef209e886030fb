"""Takes: videos of one prompt with the same settings, asked for in one go."""

from dataclasses import dataclass
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
