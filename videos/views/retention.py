"""What moves to the trash for its age: the list of it, and keeping some of it or all."""

from django.conf import settings
from django.contrib import messages
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from billing.errors import RefusedPaymentError
from videos.models import Video
from videos.models.keyset import KeysetOrder
from videos.services import retention as service
from videos.views.access import Request, get_video, safe_referer
from videos.views.pagination import paginate
from videos.views.search import video_url
from videos.views.selectors import with_queue_info

# A video that is kept while somebody looks at the list has no such time any more, and still a place in it.
_NEXT_FIRST = KeysetOrder(Coalesce("retention_due_at", "created_at"), descending=False)


@require_safe
def expiring(request: Request) -> HttpResponse:
    """Show one's videos that are to move to the trash, the next one first."""
    found = service.expiring(request.user)
    page = paginate(request, found, _NEXT_FIRST)
    context = {
        "page": page,
        "videos": with_queue_info(page.videos),
        "total": found.count(),
        "days": settings.RETENTION_DAYS,
        "trash_days": settings.TRASH_RETENTION_DAYS,
    }
    return render(request, "videos/expiring.html", context)


@require_POST
def keep(request: Request, public_id: str) -> HttpResponse:
    """Keep a video of one's own, whatever its age; with `on=0` the rules count for it again."""
    video = get_video(request, public_id)
    if request.POST.get("on", "1") == "0":
        service.let_go([video])
        return _answer(request, video, gettext("The studio's rules count for this video again."))
    service.keep([video])
    return _answer(request, video, _describe_kept(1))


@require_POST
def keep_all(request: Request) -> HttpResponse:
    """Keep all that is to move to the trash."""
    kept = service.keep_all_expiring(request.user)
    messages.success(request, _describe_kept(kept))
    return redirect("videos:expiring")


@require_POST
def make_playable(request: Request, public_id: str) -> HttpResponse:
    """Have a copy for browsers made of a video that browsers may not play."""
    video = get_video(request, public_id)
    try:
        is_asked = service.make_playable(video)
    except RefusedPaymentError as error:
        messages.error(request, error.sentence)
    else:
        if is_asked:
            messages.success(request, gettext("A copy for browsers is being made."))
    return redirect(video_url(request, video))


def _describe_kept(number: int) -> str:
    return ngettext("%(count)d video kept.", "%(count)d videos kept.", number) % {"count": number}


def _answer(request: Request, video: Video, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect(safe_referer(request) if "back" in request.POST else video_url(request, video))
