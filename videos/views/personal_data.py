"""The page where people take along what the studio has of them."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.sign_in_limits import Limit
from accounts.subjects import person
from audit.trail import record
from audit.vocabulary import Action
from videos.services import personal_data as service
from videos.views.access import Request
from videos.views.zip_export import personal_zip_response

_DOWNLOADS = Limit("personal-data", 5, 3600)  # of one person: each may read all their files


@require_safe
def personal_data(request: Request) -> HttpResponse:
    """Say what there is, with a way to download it."""
    videos = service.videos_of(request.user)
    context = {"video_count": videos.count(), "reference_count": service.references_of(request.user).count()}
    return render(request, "videos/personal_data.html", context)


@require_safe
@never_cache
def download(request: Request) -> HttpResponseBase:
    """Send all of it as a ZIP, written while it is sent."""
    if not _DOWNLOADS.allows(str(request.user.pk)):
        return render(request, "429.html", status=429)
    record(Action.DOWNLOADED, person(request.user), note=gettext_noop("Their data."))
    return personal_zip_response(request.user)
