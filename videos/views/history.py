"""The prompts one has written, each once, to use again."""

from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from videos.models import Kind, Video
from videos.models.keyset import KeysetOrder, Position, take_page
from videos.models.video_queries import VideoQuerySet
from videos.views.access import Request, search_query, video_from_query

PAGE_SIZE = 20  # prompts
MAX_READ = 2_000  # videos that the prompts are taken from

_NEWEST_FIRST = KeysetOrder()


@require_safe
@vary_on_headers("HX-Request")
def history(request: Request) -> HttpResponse:
    """Show one page of prompts, newest first, older than that of the video `?before=`; `?q=` searches.

    A prompt stands where it was last used. An id that is not one's own means the first page. HTMX gets the
    list; with `?picking=` that of the studio's dialog, to which each further page adds only items.
    """
    query = search_query(request)
    rows = _latest_of_each_prompt(request, query)
    before = video_from_query(request, "before")
    if before is not None:
        rows = _NEWEST_FIRST.after(rows, Position(before.pk))
    videos, has_more = take_page(_NEWEST_FIRST.sort(rows), PAGE_SIZE)
    picking = bool(request.htmx) and "picking" in request.GET
    template = "videos/_history.html" if request.htmx else "videos/history.html"
    if picking and before is not None:
        template = "videos/_prompt_items.html"
    context = {
        "videos": videos,
        "older": videos[-1].public_id if has_more else "",
        "is_first": before is None,
        "q": query,
        "picking": picking,
    }
    return render(request, template, context)


def _latest_of_each_prompt(request: Request, query: str) -> VideoQuerySet:
    """Return the newest video of each prompt, of the latest `MAX_READ` that fit: words find older ones.

    Prompts that change another video are left out: alone they say nothing. Where the latest end is asked by
    itself: of a query within a query PostgreSQL does not know how few rows it finds, and reads all videos.
    """
    newest = Video.objects.owned_by(request.user).filter(kind=Kind.CREATE).search(query)
    for oldest in newest.order_by("-pk").values_list("pk", flat=True)[MAX_READ - 1 : MAX_READ]:
        newest = newest.filter(pk__gte=oldest)
    latest = newest.order_by().values("prompt").annotate(latest=Max("pk")).values("latest")
    return Video.objects.filter(pk__in=latest)
