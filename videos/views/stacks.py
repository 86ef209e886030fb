"""Stacks: the takes of one request as one thing on a page, which opens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from videos.models import State, Video
from videos.models.keyset import KeysetOrder
from videos.models.video_queries import VideoQuerySet
from videos.services.generation_requests import MAX_TAKES
from videos.services.takes import find_best
from videos.views.compare import MAX_VIDEOS, MIN_VIDEOS
from videos.views.pagination import PAGE_SIZE, fetch_videos

MAX_MEMBERS = 2 * PAGE_SIZE * MAX_TAKES  # takes of a page's groups; those beyond stand alone

Group = tuple[int, UUID]  # its owner's key, and the group: an import may bring another's


@dataclass(frozen=True)
class Stack:
    """One place on a page: a video, or the takes of one request, of which the first stands for all.

    `first` is the take that comes first in the order of the page.
    """

    takes: Sequence[Video]
    first: Video

    @property
    def lead(self) -> Video:
        return self.takes[0]

    @property
    def is_single(self) -> bool:
        return len(self.takes) == 1

    @property
    def count(self) -> int:
        return len(self.takes)

    @property
    def key(self) -> str:
        """What tells it from the other stacks of a page."""
        return f"{self.lead.owner_id}-{self.lead.take_group}"

    @property
    def is_open(self) -> bool:
        """Whether its takes are shown at once: while one of them is being made."""
        return any(take.is_in_flight for take in self.takes)

    @property
    def compare_url(self) -> str:
        """The address that compares the finished takes; empty where they cannot be compared."""
        finished = [
            take.public_id for take in sorted(self.takes, key=_number) if take.state == State.COMPLETED
        ]
        if not MIN_VIDEOS <= len(finished) <= MAX_VIDEOS:
            return ""
        return f"{reverse('videos:compare')}?{urlencode({'id': finished}, doseq=True)}"


def stack_takes(videos: Sequence[Video], rows: VideoQuerySet, order: KeysetOrder) -> list[Stack]:
    """Return a page of `rows` as stacks, each where the first of its takes in the `order` stands.

    So every take that `rows` have is on exactly one page, whatever the order and wherever a page ends. One
    query for a page with takes, and two more where some of them are on other pages.
    """
    members = _members(videos, rows, order)
    known = {video.pk: video for video in videos}
    first = {keys[0] for keys in members.values()}
    drawn = [key for key in members if members[key][0] in known]
    missing = [pk for key in drawn for pk in members[key] if pk not in known]
    known |= {video.pk: video for video in fetch_videos(missing)} if missing else {}
    stacks = []
    for video in videos:
        keys = members.get(_group_of(video), [])
        if video.pk not in keys:
            stacks.append(Stack([video], video))
        elif video.pk in first:
            stacks.append(make_stack([known[pk] for pk in keys if pk in known], first=video))
    return stacks


def make_stack(takes: Iterable[Video], first: Video | None = None) -> Stack:
    """Return the takes as a stack: the best first, the others by their numbers."""
    in_order = sorted(takes, key=_number)
    best = find_best(in_order)
    return Stack([best, *(take for take in in_order if take.pk != best.pk)], first or best)


def _members(
    videos: Sequence[Video], rows: VideoQuerySet, order: KeysetOrder
) -> dict[Group | None, list[int]]:
    """Return the keys of all takes of the videos' groups that `rows` have, in the `order`."""
    groups = {video.take_group for video in videos if video.take_group}
    if not groups:
        return {}
    owners = {video.owner_id for video in videos}
    wanted = order.sort(rows.filter(owner__in=owners, take_group__in=groups))
    found: dict[Group | None, list[int]] = {}
    for owner, group, pk in wanted.values_list("owner_id", "take_group", "pk")[:MAX_MEMBERS]:
        if group is not None:
            found.setdefault((owner, group), []).append(pk)
    return found


def _group_of(video: Video) -> Group | None:
    return (video.owner_id, video.take_group) if video.take_group else None


def _number(video: Video) -> int:
    return video.take
