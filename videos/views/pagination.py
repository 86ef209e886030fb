"""Pages of videos: each goes on from the last card of the page before it, or from the first of the next."""

from collections.abc import Sequence
from dataclasses import dataclass

from videos.models import Video
from videos.models.keyset import KeysetOrder, Position
from videos.models.video_queries import VideoQuerySet
from videos.validation import is_public_id
from videos.views.access import Request
from videos.views.selectors import with_tags

PAGE_SIZE = 24  # cards


@dataclass(frozen=True)
class Page:
    """One page. Both cursors are ids to go on from, empty where there is nothing more."""

    videos: Sequence[Video]
    previous_cursor: str = ""
    next_cursor: str = ""


def paginate(
    request: Request, rows: VideoQuerySet, order: KeysetOrder, start: Position | None = None
) -> Page:
    """Return the page of `rows` after the video `?below=`, or before the video `?above=`, or after `start`.

    An id that one does not know means the first page, so that a link to a video deleted since still leads
    somewhere.
    """
    below = _position(request, "below", order)
    above = _position(request, "above", order) if below is None else None
    if above is not None:
        keys, has_previous = _take_keys(order, rows, above, backwards=True)
        if has_previous:
            videos = fetch_videos(keys[::-1])
            return Page(videos, videos[0].public_id, videos[-1].public_id)
        # No full page is before it: what there is belongs to the first page.
    elif below is None:
        below = start
    keys, has_next = _take_keys(order, rows, below)
    videos = fetch_videos(keys)
    return Page(
        videos,
        previous_cursor=videos[0].public_id if videos and below is not None else "",
        next_cursor=videos[-1].public_id if has_next else "",
    )


def adjacent_videos(
    video: Video, rows: VideoQuerySet, order: KeysetOrder
) -> tuple[Video | None, Video | None]:
    """Return which of `rows` come right before and right after `video`, which need not be one of them.

    A query for each, which finds it in an index as `_take_keys` does, and one to read both; one more for the
    position of `video` where the order has a key.
    """
    position = (
        Position(video.pk) if order.key is None else order.position_of(Video.objects.filter(pk=video.pk))
    )
    if position is None:
        return None, None
    keys = [order.keys(rows, 1, position=position, backwards=backwards) for backwards in (True, False)]
    found = Video.objects.only("public_id", "prompt").in_bulk([pk for each in keys for pk in each])
    previous_video, next_video = (found.get(each[0]) if each else None for each in keys)
    return previous_video, next_video


def _take_keys(
    order: KeysetOrder, rows: VideoQuerySet, position: Position | None, *, backwards: bool = False
) -> tuple[list[int], bool]:
    """Return the keys of the page that `order.keys` begins with, and whether more follow.

    The keys are found in an index that holds all that is asked for, and the rows are read only then:
    PostgreSQL would rather go through everybody's rows than through one person's.
    """
    found = order.keys(rows, PAGE_SIZE + 1, position=position, backwards=backwards)
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def fetch_videos(keys: Sequence[int]) -> list[Video]:
    """Return the videos with their tags and owners, in the order of their keys."""
    found = with_tags(Video.objects.filter(pk__in=keys).select_related("owner")).in_bulk()
    return [found[pk] for pk in keys if pk in found]  # one may have been deleted since


def cursor_video(request: Request) -> Video | None:
    """Return the video `?below=` that the page goes on from, with its times alone; None on the first."""
    public_id = request.GET.get("below", "")
    if not is_public_id(public_id):
        return None
    known = Video.objects.known_to(request.user).filter(public_id=public_id)
    return known.only("created_at", "finished_at").first()


def _position(request: Request, parameter: str, order: KeysetOrder) -> Position | None:
    """Return where the video `?parameter=` stands in the order; one's own deleted ones keep their place."""
    public_id = request.GET.get(parameter, "")
    if not is_public_id(public_id):
        return None
    return order.position_of(Video.objects.known_to(request.user).filter(public_id=public_id))
