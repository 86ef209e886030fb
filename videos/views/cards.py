"""The one poller of a page: which of its cards have changed since they were drawn."""

import re
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.http import HTMX_STOP_POLLING

from contentgen.prepared_query import PreparedQuery
from videos.engine import fair_queue
from videos.models import IN_FLIGHT, State, Video
from videos.models.video_queries import VideoQuerySet
from videos.templatetags.studio import version_of
from videos.validation import PUBLIC_ID_PATTERN
from videos.views.access import Request
from videos.views.search import Search
from videos.views.selectors import with_queue_info, with_tags

MAX_CARDS = 200  # in one request
_CARD = re.compile(rf"({PUBLIC_ID_PATTERN})\.([0-9]{{1,10}}(?:\.[0-9]{{1,4}})?)")


@require_safe
def cards(request: Request) -> HttpResponse:
    """Answer `?card=<public_id>.<version>&…` with the cards that differ, for HTMX to swap out of band.

    204 when none does; 286, which stops the polling, when none of them may still change. What is in the
    trash, deleted or no longer shared is removed from the page. Garbage and cards over the limit are ignored.
    """
    drawn = _parse_cards(request.GET.getlist("card"))
    current = _current_states(request, drawn)
    changed_ids = [public_id for public_id, state in current.items() if state.version != drawn[public_id]]
    removed_ids = [public_id for public_id in drawn if public_id not in current]
    is_idle = not any(state.is_live for state in current.values())
    if not changed_ids and not removed_ids and not is_idle:
        return HttpResponse(status=204)
    changed = _visible(request, changed_ids).select_related("owner") if changed_ids else None
    context = {
        "videos": with_queue_info(with_tags(changed)) if changed is not None else [],
        "removed_ids": removed_ids,
        "counts_waiting": "more" in request.GET,
        "out_of_band": True,
        "search": Search.from_request(request),
    }
    return render(request, "videos/_cards_update.html", context, status=HTMX_STOP_POLLING if is_idle else 200)


class _CardState(NamedTuple):
    version: str
    is_live: bool


def _visible(request: Request, public_ids: Collection[str]) -> VideoQuerySet:
    return Video.objects.visible_to(request.user).not_trashed().filter(public_id__in=public_ids)


def _current_states(request: Request, drawn: Iterable[str]) -> dict[str, _CardState]:
    """Return, by public id, what tells whether a drawn card has changed.

    Asked for by their ids, two hundred cards cost more than all the rest, and SQLite, which keeps no
    statistics, goes through all that the owner ever made. So all of one's own that is in flight is read,
    where that is not too much, and only what has left it since, or is another's, is asked for by its id.
    """
    in_flight = {row["public_id"]: _Row(**row) for row in _find_in_flight.rows(request.user.pk)}
    found = in_flight if len(in_flight) <= MAX_CARDS else {}
    missing = [public_id for public_id in drawn if public_id not in found]
    if missing:
        found = found | {row["public_id"]: _Row(**row) for row in _row_values(_visible(request, missing))}
    rows = [found[public_id] for public_id in drawn if public_id in found]
    positions = fair_queue.queue_positions(rows)
    return {
        row.public_id: _CardState(version_of(row.revision, positions.get(row.pk)), row.is_live)
        for row in rows
    }


class _Row(NamedTuple):
    pk: int
    public_id: str
    state: str
    revision: int
    backend_id: int
    owner_id: int
    is_due: bool

    @property
    def is_live(self) -> bool:
        return self.state in IN_FLIGHT or (self.state == State.FAILED and self.is_due)


def _row_values(videos: VideoQuerySet) -> "QuerySet[Video, dict[str, Any]]":
    # Reading a time from SQLite costs as much as all other values, so only its presence is read.
    is_due = ExpressionWrapper(Q(due_at__isnull=False), output_field=BooleanField())
    rows: QuerySet[Video, dict[str, Any]] = videos.values(*_Row._fields[:-1], is_due=is_due)
    return rows


_find_in_flight = PreparedQuery(
    lambda owner: _row_values(Video.objects.owned_by(owner).not_trashed().in_flight()),
    -1,
    limit=MAX_CARDS + 1,
)


def _parse_cards(values: list[str]) -> dict[str, str]:
    """Return which cards the page shows: version by public id."""
    matches = (_CARD.fullmatch(value) for value in values[:MAX_CARDS])
    return {match[1]: match[2] for match in matches if match}
