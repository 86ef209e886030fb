"""A frame of a video becomes the first frame of the next one, with one click."""

import json
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from videos.models import ReferenceImage, Video
from videos.services.frames import keep_frame, parse_moment
from videos.services.visibility import note_look
from videos.views.access import Request, get_visible_video, safe_referer
from videos.views.notifications import notify


@require_POST
def first_frame(request: Request, public_id: str) -> HttpResponse:
    """Keep the frame `at`, which is `first`, `last` or a number of seconds, as an image of one's own, and put
    it into the composer: the studio's page gets it by an event, other pages lead there.
    """
    video = get_visible_video(request, public_id)
    note_look(request.user, video, gettext_noop("Its file."))
    try:
        image = keep_frame(request.user, video, parse_moment(request.POST.get("at", "last")))
    except ValidationError as error:
        answer = HttpResponse(status=422) if request.htmx else redirect(safe_referer(request))
        return notify(request, answer, " ".join(error.messages))
    studio = reverse("videos:studio")
    page_path = (request.htmx.current_url_abs_path or "").partition("?")[0] if request.htmx else ""
    if page_path == studio:
        return _tell_composer(image, video)
    query = urlencode({"reference": image.public_id, "size": video.size, "model": video.model, "shaped": "1"})
    address = f"{studio}?{query}"
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _tell_composer(image: ReferenceImage, video: Video) -> HttpResponse:
    told = {"id": image.public_id, "name": image.name, "size": video.size}
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"studio:first-frame": told})
    return response
