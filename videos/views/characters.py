"""The characters: who can appear in many videos, how far each is, and making another."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from videos.forms.characters import CharacterForm, VideoCharacterForm
from videos.media.file_response import StoredFile, serve_or_404
from videos.models import Character
from videos.services.characters import delete_character, find_character_problem
from videos.views.access import Request, get_character, get_video, signed_in
from videos.views.detail import STOP_POLLING
from videos.views.pagination import PUBLIC_ID

LIMIT = 200  # characters in one question


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@vary_on_headers("HX-Request")
def characters(request: Request) -> HttpResponse:
    """Show them all and the form; a POST makes one of an uploaded clip.

    HTMX asks with `?pending=<public_id>&…` and gets those that are settled since, to swap out of band; 204
    when none is, and 286 when nothing is pending any more.
    """
    if request.method == "POST":
        return _make(request)
    if request.htmx:
        return _settled(request)
    return _page(request, CharacterForm())


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@vary_on_headers("HX-Request")
def from_video(request: Request, public_id: str) -> HttpResponse:
    """Make a character of a finished video. 409 with the reason where that cannot be."""
    video = get_video(request, public_id)
    if reason := find_character_problem(video):
        if request.htmx:
            return HttpResponseClientRedirect(request.path)
        context = {"video": video, "verb": "create a character from", "reason": reason}
        return render(request, "videos/action_unavailable.html", context, status=409)
    form = VideoCharacterForm(video, request.POST if request.method == "POST" else None)
    context = {"form": form, "video": video}
    if request.method != "POST":
        return render(request, "videos/character_from_video.html", context)
    if form.is_valid() and form.save(request.user):
        return _to_the_list(request)
    template = (
        "videos/_character_from_video_form.html" if request.htmx else "videos/character_from_video.html"
    )
    return render(request, template, context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST takes the character off the lists."""
    character = get_character(request, public_id)
    if request.method != "POST":
        return render(request, "videos/character_delete_confirm.html", {"character": character})
    delete_character(character)
    return redirect("videos:characters")


@require_safe
@signed_in
def clip(request: Request, public_id: str) -> HttpResponseBase:
    """The clip a character was made from, with byte ranges so that players can seek."""
    return serve_or_404(request, StoredFile(get_character(request, public_id).file, "video/mp4"))


def _make(request: Request) -> HttpResponse:
    form = CharacterForm(request.POST, request.FILES)
    if form.is_valid() and form.save(request.user):
        return _to_the_list(request)
    if not request.htmx:
        return _page(request, form, status=422)
    context = {"form": form, "keep_clip": "video" not in form.errors}
    return render(request, "videos/_character_form.html", context, status=422)


def _page(request: Request, form: CharacterForm, status: int = 200) -> HttpResponse:
    mine = list(Character.objects.filter(owner=request.user, deleted_at=None).select_related("backend"))
    return render(request, "videos/characters.html", {"form": form, "characters": mine}, status=status)


def _settled(request: Request) -> HttpResponse:
    asked = [each for each in request.GET.getlist("pending")[:LIMIT] if PUBLIC_ID.fullmatch(each)]
    mine = Character.objects.filter(owner=request.user, deleted_at=None).select_related("backend")
    found = {each.public_id: each for each in mine.filter(public_id__in=asked)}
    settled = [each for each in found.values() if not each.is_pending]
    gone = [public_id for public_id in asked if public_id not in found]
    idle = len(settled) == len(found)
    if not settled and not gone and not idle:
        return HttpResponse(status=204)
    context = {"characters": settled, "gone": gone}
    return render(request, "videos/_characters_update.html", context, status=STOP_POLLING if idle else 200)


def _to_the_list(request: Request) -> HttpResponse:
    """Where the new character is seen coming along."""
    to = redirect("videos:characters")
    return HttpResponseClientRedirect(to.url) if request.htmx else to
