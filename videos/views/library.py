"""The library: everything one has made, newest first."""

import re
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from videos.models import Video
from videos.views.loading import Request, in_line, signed_in

PAGE = 24  # cards
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Page:
    """One screenful. `newer` and `older` are the ids to go on from, empty where there is nothing more."""

    videos: list[Video]
    newer: str = ""
    older: str = ""


@require_safe
@signed_in
def library(request: Request) -> HttpResponse:
    """Show one page, older than `?before=` or newer than `?after=`. An id that is not one's own means the
    first page, so that a link to a video deleted since still leads somewhere.
    """
    page = _page(request)
    return render(request, "videos/library.html", {"videos": in_line(page.videos), "page": page})


def _page(request: Request) -> Page:
    before = _position(request, "before")
    after = _position(request, "after") if before is None else None
    mine = Video.objects.of(request.user)
    if after is not None:
        rows = list(mine.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        if len(rows) > PAGE:
            shown = rows[:PAGE][::-1]
            return Page(shown, newer=shown[0].public_id, older=shown[-1].public_id)
        before = None  # fewer than a page are newer: that is the first page
    older = mine if before is None else mine.filter(pk__lt=before)
    rows = list(older.order_by("-pk")[: PAGE + 1])
    shown = rows[:PAGE]
    return Page(
        shown,
        newer=shown[0].public_id if shown and before is not None else "",
        older=shown[-1].public_id if len(rows) > PAGE else "",
    )


def _position(request: Request, name: str) -> int | None:
    """The row that `?name=` points at, when it is one's own; deleted ones still mark their place."""
    public_id = request.GET.get(name, "")
    if not PUBLIC_ID.fullmatch(public_id):
        return None
    found = Video.objects.filter(owner=request.user, public_id=public_id).values_list("pk", flat=True)
    return found.first()
