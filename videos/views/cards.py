"""The one poller of a page: tells which cards have changed since the page was drawn."""

import re

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from videos.models import Video
from videos.templatetags.studio import version
from videos.views.detail import STOP_POLLING
from videos.views.finding import Search
from videos.views.library import labelled
from videos.views.loading import Request, in_line, signed_in

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
    on_show = Video.objects.of(request.user).on_show()
    videos = in_line(labelled(on_show.filter(public_id__in=shown)))
    found = {video.public_id: video for video in videos}
    changed = [video for public_id, video in found.items() if version(video) != shown[public_id]]
    gone = [public_id for public_id in shown if public_id not in found]
    idle = not any(video.is_in_flight for video in found.values())
    if not changed and not gone and not idle:
        return HttpResponse(status=204)
    search = Search.around(request)
    context = {"videos": changed, "gone": gone, "out_of_band": True, "search": search}
    return render(request, "videos/_cards.html", context, status=STOP_POLLING if idle else 200)


def _shown(values: list[str]) -> dict[str, str]:
    """What the page shows: version by public id."""
    matches = (_CARD.fullmatch(value) for value in values[:LIMIT])
    return {match[1]: match[2] for match in matches if match}
