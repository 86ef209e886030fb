"""The one poller of a page: tells which cards have changed since the page was drawn."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from videos.engine import fair_queue
from videos.models import IN_FLIGHT, Video
from videos.models.video import VideoQuerySet
from videos.templatetags.studio import version_of
from videos.views.access import Request, signed_in
from videos.views.detail import STOP_POLLING
from videos.views.search import Search
from videos.views.selectors import with_queue_info, with_tags

LIMIT = 200  # cards in one question
_CARD = re.compile(r"([A-Za-z0-9_-]{1,64})\.([0-9]{1,10}(?:\.[0-9]{1,4})?)")


@require_safe
@signed_in
def cards(request: Request) -> HttpResponse:
    """Answer `?card=<public_id>.<version>&…` with the cards that differ, for HTMX to swap out of band.

    204 when none does. 286 when nothing asked about is in flight any more, which ends the asking. What is
    not, or no longer, one's own, and what is in the trash, is taken off the page. Garbage and what is over
    the limit is passed over.
    """
    shown = _shown(request.GET.getlist("card"))
    on_show = Video.objects.visible_to(request.user).not_trashed()
    found = _versions(on_show, shown)
    changed = [public_id for public_id, seen in found.items() if seen.version != shown[public_id]]
    gone = [public_id for public_id in shown if public_id not in found]
    idle = not any(seen.is_in_flight for seen in found.values())
    if not changed and not gone and not idle:
        return HttpResponse(status=204)
    videos = with_queue_info(with_tags(on_show.filter(public_id__in=changed))) if changed else []
    search = Search.around(request)
    context = {"videos": videos, "gone": gone, "out_of_band": True, "search": search}
    return render(request, "videos/_cards_update.html", context, status=STOP_POLLING if idle else 200)


class _Seen(NamedTuple):
    version: str
    is_in_flight: bool


def _versions(on_show: VideoQuerySet, shown: Iterable[str]) -> dict[str, _Seen]:
    """What tells whether a card that is shown has changed, by public id.

    Asked by their ids, two hundred cards cost more than all the rest, and SQLite, which keeps no statistics,
    goes through all that the owner ever made. So all that is in flight is read, where that is not too much,
    and only what has left it since is asked for by its id.
    """
    in_flight = _read(on_show.in_flight().order_by()[: LIMIT + 1])
    found = in_flight if len(in_flight) <= LIMIT else {}
    left = [public_id for public_id in shown if public_id not in found]
    if left:
        found = found | _read(on_show.filter(public_id__in=left))
    rows = [found[public_id] for public_id in shown if public_id in found]
    places = fair_queue.queue_positions(rows)
    return {
        row.public_id: _Seen(version_of(row.revision, places.get(row.pk)), row.state in IN_FLIGHT)
        for row in rows
    }


class _Row(NamedTuple):
    pk: int
    public_id: str
    state: str
    revision: int
    backend_id: int
    owner_id: int


def _read(videos: VideoQuerySet) -> dict[str, _Row]:
    return {row[1]: _Row(*row) for row in videos.values_list(*_Row._fields)}


def _shown(values: list[str]) -> dict[str, str]:
    """What the page shows: version by public id."""
    matches = (_CARD.fullmatch(value) for value in values[:LIMIT])
    return {match[1]: match[2] for match in matches if match}
