"""The prompts one has written, each once, to use again."""

from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from videos.models import Kind, Video
from videos.models.video import VideoQuerySet
from videos.views.access import Request, search_terms, signed_in, video_from_query

PAGE = 20  # prompts


@require_safe
@signed_in
@vary_on_headers("HX-Request")
def history(request: Request) -> HttpResponse:
    """Show one page of prompts, newest first, older than that of the video `?before=` names; `?q=` searches.

    A prompt stands where it was last used. An id that is not one's own means the first page. HTMX gets the
    list; with `?picking=` that of the studio's dialog, of which each further page is but more items.
    """
    words = search_terms(request)
    rows = _latest(request, words)
    before = video_from_query(request, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before.pk)
    found = list(rows[: PAGE + 1])
    picking = bool(request.htmx) and "picking" in request.GET
    template = "videos/_history.html" if request.htmx else "videos/history.html"
    if picking and before is not None:
        template = "videos/_prompt_items.html"
    context = {
        "videos": found[:PAGE],
        "older": found[PAGE - 1].public_id if len(found) > PAGE else "",
        "is_first": before is None,
        "q": " ".join(words),
        "picking": picking,
    }
    return render(request, template, context)


def _latest(request: Request, words: list[str]) -> VideoQuerySet:
    """The newest video of each prompt, but for prompts that change another video: they say nothing alone."""
    written = Video.objects.visible_to(request.user).filter(kind=Kind.CREATE)
    for word in words:
        written = written.filter(prompt__icontains=word)
    latest = written.order_by().values("prompt").annotate(latest=Max("pk")).values("latest")
    return Video.objects.filter(pk__in=latest).order_by("-pk")
