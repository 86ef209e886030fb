"""One's characters: the list of them, creating them from a clip or a video, and deleting them."""

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING, HttpResponseClientRedirect

from contentgen.uploads import takes_upload
from videos.containers import container_of
from videos.forms.characters import CharacterForm, VideoCharacterForm
from videos.media.file_response import StoredFile, serve_or_404
from videos.models import Character
from videos.services.characters import delete_character, find_character_problem
from videos.validation import is_public_id
from videos.views.access import Request, get_character, get_video

MAX_PENDING = 200  # characters in one request of the poller


@takes_upload(lambda: settings.MAX_CHARACTER_CLIP_SIZE)
@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def characters(request: Request) -> HttpResponse:
    """Show all of them and the form; a POST creates one from an uploaded clip.

    HTMX asks with `?pending=<public_id>&…` and gets those that are settled since, to swap out of band: 204
    when none is, and 286, which stops the polling, when nothing is pending any more.
    """
    if request.method == "POST":
        return _create(request)
    if request.htmx:
        return _settled(request)
    return _page(request, CharacterForm())


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def from_video(request: Request, public_id: str) -> HttpResponse:
    """Create a character from a finished video. 409 with the reason where that is not possible."""
    video = get_video(request, public_id)
    if reason := find_character_problem(video):
        if request.htmx:
            return HttpResponseClientRedirect(request.path)
        context = {"video": video, "verb": "character", "reason": reason}
        return render(request, "videos/action_unavailable.html", context, status=409)
    form = VideoCharacterForm(video, request.POST if request.method == "POST" else None)
    context = {"form": form, "video": video}
    if request.method != "POST":
        return render(request, "videos/character_from_video.html", context)
    if form.is_valid() and form.save(request.user):
        return _redirect_to_list(request)
    template = (
        "videos/_character_from_video_form.html" if request.htmx else "videos/character_from_video.html"
    )
    return render(request, template, context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST deletes the character."""
    character = get_character(request, public_id)
    if request.method != "POST":
        return render(request, "videos/character_delete_confirm.html", {"character": character})
    delete_character(character)
    return redirect("videos:characters")


@require_safe
def clip(request: Request, public_id: str) -> HttpResponseBase:
    """The clip a character was made from, with byte ranges so that players can seek."""
    file = get_character(request, public_id).file
    return serve_or_404(request, StoredFile(file, container_of(file.name).content_type))


def _create(request: Request) -> HttpResponse:
    form = CharacterForm(request.POST, request.FILES)
    if form.is_valid() and form.save(request.user):
        return _redirect_to_list(request)
    if not request.htmx:
        return _page(request, form, status=422)
    context = {"form": form, "keep_clip": "video" not in form.errors}
    return render(request, "videos/_character_form.html", context, status=422)


def _page(request: Request, form: CharacterForm, status: int = 200) -> HttpResponse:
    own = list(Character.objects.filter(owner=request.user, deleted_at=None).select_related("backend"))
    return render(request, "videos/characters.html", {"form": form, "characters": own}, status=status)


def _settled(request: Request) -> HttpResponse:
    pending_ids = [each for each in request.GET.getlist("pending")[:MAX_PENDING] if is_public_id(each)]
    own = Character.objects.filter(owner=request.user, deleted_at=None).select_related("backend")
    found = {each.public_id: each for each in own.filter(public_id__in=pending_ids)}
    settled = [each for each in found.values() if not each.is_pending]
    removed_ids = [public_id for public_id in pending_ids if public_id not in found]
    is_idle = len(settled) == len(found)
    if not settled and not removed_ids and not is_idle:
        return HttpResponse(status=204)
    context = {"characters": settled, "removed_ids": removed_ids}
    return render(
        request, "videos/_characters_update.html", context, status=HTMX_STOP_POLLING if is_idle else 200
    )


def _redirect_to_list(request: Request) -> HttpResponse:
    """Lead to the list, where the new character is shown as it comes along."""
    response = redirect("videos:characters")
    return HttpResponseClientRedirect(response.url) if request.htmx else response
