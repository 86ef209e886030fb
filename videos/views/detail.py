"""One video: the player, what is known of it, its family, and what can be done about it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from videos.capabilities import capabilities_for
from videos.models import Tag, Video
from videos.services.characters import find_character_problem
from videos.services.videos import delete_video
from videos.templatetags.studio import version
from videos.views import lineage
from videos.views.access import Request, get_video, signed_in
from videos.views.pagination import beside
from videos.views.search import Search
from videos.views.selectors import with_queue_info
from videos.views.takes import siblings

STOP_POLLING = 286  # HTMX takes this for "swap this in, and do not ask again"


@require_safe
@signed_in
@vary_on_headers("HX-Request")
def detail(request: Request, public_id: str) -> HttpResponse:
    """Show the page. HTMX, telling the `version` it shows, gets 204 or the page's changing part.

    The query is that of the library one came from, and says which videos are the neighbours.
    """
    video = get_video(request, public_id)
    if not request.htmx:
        return page(request, video, Search.of(request.GET))
    (video,) = with_queue_info([video])
    if request.GET.get("version") == version(video):
        return HttpResponse(status=204)
    status = 200 if video.is_in_flight else STOP_POLLING
    return render(request, "videos/_detail_update.html", _changing(request, video), status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST deletes for good what is in the trash. What is not there goes there first."""
    video = get_video(request, public_id)
    if video.trashed_at is None:
        return redirect("videos:throw", public_id)
    if request.method != "POST":
        return render(request, "videos/delete_confirm.html", {"video": video})
    delete_video(video)
    return redirect("videos:trash")


def page(
    request: Request, video: Video, search: Search, *, status: int = 200, **said: object
) -> HttpResponse:
    """Show the whole page of `video`, as reached by `search`; `said` is what its forms have to say."""
    (video,) = with_queue_info([video])
    before, after = beside(video, search.matches(request.user), search.chosen_sort.order)
    around = {"search": search, "before": before, "after": after}
    context = {**_changing(request, video), **kept(request, video), **around, **said}
    return render(request, "videos/detail.html", context, status=status)


def kept(request: Request, video: Video) -> dict[str, object]:
    """What drawing its tags takes."""
    return {"video": video, "labels": video.tags.all(), "own_tags": Tag.objects.filter(owner=request.user)}


def _changing(request: Request, video: Video) -> dict[str, object]:
    return {
        "video": video,
        "family": lineage.lineage_tree(video),
        "takes": siblings(request, video),
        "characters": video.characters.all(),
        "ways": capabilities_for(video),
        "can_cast": not find_character_problem(video),
    }
