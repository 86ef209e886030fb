"""One video: the player, what is known of it, and what can be done about it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from videos import casting, catalogue, services
from videos.models import Video
from videos.templatetags.studio import version
from videos.views.loading import Request, get_video, in_line, signed_in
from videos.views.takes import siblings

FAMILY = 24  # videos made from this one that its page shows
STOP_POLLING = 286  # HTMX takes this for "swap this in, and do not ask again"


@require_safe
@signed_in
@vary_on_headers("HX-Request")
def detail(request: Request, public_id: str) -> HttpResponse:
    """Show the page. HTMX, telling the `version` it shows, gets 204 or the page's changing part."""
    (video,) = in_line([get_video(request, public_id)])
    if not request.htmx:
        return render(request, "videos/detail.html", _context(request, video))
    if request.GET.get("version") == version(video):
        return HttpResponse(status=204)
    status = 200 if video.is_in_flight else STOP_POLLING
    return render(request, "videos/_detail.html", _context(request, video), status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST deletes for good what is in the trash. What is not there goes there first."""
    video = get_video(request, public_id)
    if video.trashed_at is None:
        return redirect("videos:throw", public_id)
    if request.method != "POST":
        return render(request, "videos/delete.html", {"video": video})
    services.delete(video)
    return redirect("videos:trash")


def _context(request: Request, video: Video) -> dict[str, object]:
    """Besides the video: its family, as far as its owner sees it, and what can be made of it."""
    mine = Video.objects.of(request.user)
    derived = list(mine.filter(source=video)[: FAMILY + 1])
    return {
        "video": video,
        "source": mine.filter(pk=video.source_id).first() if video.source_id else None,
        "derived": derived[:FAMILY],
        "more_derived": len(derived) > FAMILY,
        "takes": siblings(request, video),
        "characters": video.characters.all(),
        "ways": catalogue.ways(video),
        "can_cast": not casting.cannot(video),
    }
