"""The note and the tags of one video, changed on its page: by HTMX, or by a form."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from videos.models import Video
from videos.services.library import add_tag, find_tag, remove_tag, set_note
from videos.views.access import Request, get_video
from videos.views.detail import render_detail, tag_context
from videos.views.notifications import notify
from videos.views.search import Search, video_url


@require_POST
def note(request: Request, public_id: str) -> HttpResponse:
    """Set the video's note. HTMX gets the note's status alone, so that the field being typed in stays."""
    video = get_video(request, public_id)
    text = request.POST.get("note", "")
    try:
        set_note(video, text)
    except ValidationError as error:
        return _invalid(request, video, "videos/_note_status.html", note_error=_text(error), note_typed=text)
    if request.htmx:
        return render(request, "videos/_note_status.html", {"note_saved": True})
    return notify(request, redirect(video_url(request, video)), gettext("Note saved."))


@require_POST
def tag(request: Request, public_id: str) -> HttpResponse:
    """Add the tag named `tag` to the video. HTMX gets the tags."""
    video = get_video(request, public_id)
    name = request.POST.get("tag", "")
    try:
        add_tag(request.user, [video], name)
    except ValidationError as error:
        return _invalid(request, video, "videos/_tags.html", tag_error=_text(error), tag_typed=name)
    return _tags(request, video)


@require_POST
def untag(request: Request, public_id: str) -> HttpResponse:
    """Remove the tag named `tag` from the video, if it has it. HTMX gets the tags."""
    video = get_video(request, public_id)
    found = find_tag(request.user, request.POST.get("tag", ""))
    if found is not None:
        remove_tag([video], found)
    return _tags(request, video)


def _tags(request: Request, video: Video) -> HttpResponse:
    if not request.htmx:
        return redirect(video_url(request, video))
    context = tag_context(request, video) | {"search": Search.from_request(request)}
    return render(request, "videos/_tags.html", context)


def _invalid(request: Request, video: Video, fragment: str, **errors: object) -> HttpResponse:
    """Answer 422 with the error at its field: HTMX gets the `fragment`, others the whole page."""
    search = Search.from_request(request)
    if request.htmx:
        context = {**tag_context(request, video), "search": search, **errors}
        return render(request, fragment, context, status=422)
    return render_detail(request, video, search, status=422, **errors)


def _text(error: ValidationError) -> str:
    return " ".join(error.messages)
