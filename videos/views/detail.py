"""The page of one video: the player, what is known of it, its lineage, and what can be done with it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING

from notifications.inbox import mark_opened
from notifications.recording import takes_key, video_key
from videos.capabilities import capabilities_for
from videos.models import Tag, Video
from videos.services.characters import find_character_problem
from videos.services.history import transitions_of
from videos.services.share_comments import comments_on
from videos.services.share_links import is_shareable
from videos.services.video_actions import delete_video
from videos.services.visibility import is_owner, note_look
from videos.templatetags.studio import version
from videos.views.access import Request, get_video, get_visible_video
from videos.views.lineage import lineage_tree
from videos.views.pagination import adjacent_videos
from videos.views.search import Search
from videos.views.selectors import with_queue_info
from videos.views.takes import other_takes
from videos.views.video_collections import collections_context

_SHOWN_COMMENTS = 5  # the others are on a page of their own


@require_safe
@vary_on_headers("HX-Request")
def detail(request: Request, public_id: str) -> HttpResponse:
    """Show the page. HTMX, telling the `version` it shows, gets 204 or the parts that have changed since.

    The query is that of the library one came from, and says which videos come before and after this one.
    """
    video = get_visible_video(request, public_id)
    search = Search.from_query(request.GET)
    if not request.htmx:
        note_look(request.user, video, gettext_noop("Its page."))
        mark_opened(request, video_key(video.public_id), takes_key(video.take_group))
        return render_detail(request, video, search)
    (video,) = with_queue_info([video])
    if request.GET.get("version") == version(video):
        return HttpResponse(status=204)
    context = _update_context(request, video) | {"search": search}
    status = 200 if video.is_live else HTMX_STOP_POLLING
    return render(request, "videos/_detail_update.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST deletes a video in the trash for good. Any other is moved there first."""
    video = get_video(request, public_id)
    if video.trashed_at is None:
        return redirect("videos:move_to_trash", public_id)
    if request.method != "POST":
        return render(request, "videos/delete_confirm.html", {"video": video})
    delete_video(video)
    return redirect("videos:trash")


def render_detail(
    request: Request, video: Video, search: Search, *, status: int = 200, **errors: object
) -> HttpResponse:
    """Draw the whole page of `video`, as reached by `search`; `errors` are what its forms have to say."""
    (video,) = with_queue_info([video])
    previous_video, next_video = _neighbours(request, video, search)
    private: dict[str, object] = {}
    if is_owner(request.user, video):
        private = {**tag_context(request, video), **_comment_context(video)}
    context = {
        **_update_context(request, video),
        **private,
        **collections_context(request, video),
        "search": search,
        "previous_video": previous_video,
        "next_video": next_video,
        **errors,
    }
    return render(request, "videos/detail.html", context, status=status)


def _neighbours(request: Request, video: Video, search: Search) -> tuple[Video | None, Video | None]:
    """Return which videos come before and after. Another's, reached by no search, has no place among one's
    own.
    """
    if search.is_own and not is_owner(request.user, video):
        return None, None
    return adjacent_videos(video, search.matches(request.user), search.sort_option.order)


def tag_context(request: Request, video: Video) -> dict[str, object]:
    """Return what the tags of a video are drawn from."""
    return {"video": video, "tags": video.tags.all(), "own_tags": Tag.objects.filter(owner=request.user)}


def _comment_context(video: Video) -> dict[str, object]:
    """Return what visitors said last about the video, and how much they said."""
    comments = list(comments_on(video)[:_SHOWN_COMMENTS])
    return {"comments": comments, "comment_count": comments_on(video).count() if comments else 0}


def _update_context(request: Request, video: Video) -> dict[str, object]:
    """What the parts of the page that change by themselves are drawn from. What it was made of, and what was
    made of it, is its owner's.
    """
    shown: dict[str, object] = {"video": video, "takes": other_takes(request, video)}
    if not is_owner(request.user, video):
        return shown
    return shown | {
        "lineage": lineage_tree(video),
        "transitions": transitions_of(video),
        "characters": video.characters.all(),
        "capabilities": capabilities_for(video),
        "can_create_character": not find_character_problem(video),
        "can_share": is_shareable(request.user, video),
    }
