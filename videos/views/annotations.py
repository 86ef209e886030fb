"""How one video is kept: its note and its tags. By HTMX from its page, and by plain forms."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from videos.models import Video
from videos.services.library import add_tag, find_tag, remove_tag, set_note
from videos.views.access import Request, get_video, signed_in
from videos.views.detail import kept, page
from videos.views.notifications import notify
from videos.views.search import Search, video_url


@require_POST
@signed_in
def note(request: Request, public_id: str) -> HttpResponse:
    """Keep `note` beside the video. HTMX gets what to say of it, so that what is being typed stays."""
    video = get_video(request, public_id)
    text = request.POST.get("note", "")
    try:
        set_note(video, text)
    except ValidationError as error:
        return _refuse(request, video, "videos/_note_status.html", note_error=_words(error), note_typed=text)
    if request.htmx:
        return render(request, "videos/_note_status.html", {"note_saved": True})
    return notify(request, redirect(video_url(request, video)), "Note saved.")


@require_POST
@signed_in
def tag(request: Request, public_id: str) -> HttpResponse:
    """Put the tag named `tag` on the video. HTMX gets the tags."""
    video = get_video(request, public_id)
    name = request.POST.get("tag", "")
    try:
        add_tag(request.user, [video], name)
    except ValidationError as error:
        return _refuse(request, video, "videos/_tags.html", tag_error=_words(error), tag_typed=name)
    return _tags(request, video)


@require_POST
@signed_in
def untag(request: Request, public_id: str) -> HttpResponse:
    """Take the tag named `tag` off the video; one that is not on it is off already. HTMX gets the tags."""
    video = get_video(request, public_id)
    chosen = find_tag(request.user, request.POST.get("tag", ""))
    if chosen is not None:
        remove_tag([video], chosen)
    return _tags(request, video)


def _tags(request: Request, video: Video) -> HttpResponse:
    if request.htmx:
        return render(request, "videos/_tags.html", kept(request, video))
    return redirect(video_url(request, video))


def _refuse(request: Request, video: Video, part: str, **said: object) -> HttpResponse:
    """422 with the sentence at the field: the part of the page to HTMX, else the page."""
    if request.htmx:
        return render(request, part, {**kept(request, video), **said}, status=422)
    return page(request, video, Search.around(request), status=422, **said)


def _words(error: ValidationError) -> str:
    return " ".join(error.messages)
