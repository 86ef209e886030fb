"""The files of a video, for those who may see it; and of a reference image, for its owner only."""

from dataclasses import replace

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from videos.media.file_response import (
    POSTER_TYPE,
    SCRUB_TYPE,
    StoredFile,
    picture_response,
    serve_or_404,
)
from videos.media.reference import THUMBNAIL_TYPE
from videos.models import ReferenceImage
from videos.services.candidates import candidate_picture as candidate_picture_of
from videos.services.candidates import find_candidate
from videos.services.stored_files import file_for_players, original_file
from videos.services.visibility import note_look
from videos.views.access import Request, get_video, get_visible_video


@require_safe
def file(request: Request, public_id: str) -> HttpResponseBase:
    """Send the video to a player, with byte ranges so that it can seek: the copy for browsers where there is
    one. `?download=1` saves the original, `?download=browser` the file for players. `?relayed=1` is for a
    page that reads the picture of a frame: a browser lets it do so only with what comes from the studio
    itself, and not from an object store.
    """
    video = get_visible_video(request, public_id)
    note_look(request.user, video, gettext_noop("Its file."))
    is_download = "download" in request.GET
    if is_download and request.GET["download"] != "browser":
        return serve_or_404(request, original_file(video))
    stored = file_for_players(video, as_attachment=is_download)
    return serve_or_404(request, replace(stored, is_relayed="relayed" in request.GET))


@require_safe
def poster(request: Request, public_id: str) -> HttpResponseBase:
    return serve_or_404(request, StoredFile(get_visible_video(request, public_id).poster, POSTER_TYPE))


@require_safe
def scrub(request: Request, public_id: str) -> HttpResponseBase:
    """The scrub sheet: moments of the clip as tiles in one picture."""
    return serve_or_404(request, StoredFile(get_visible_video(request, public_id).scrub_sheet, SCRUB_TYPE))


@require_safe
def candidate_picture(request: Request, public_id: str, candidate_id: int) -> HttpResponseBase:
    """Send the picture of a job that may be the video's, or one that says that there is none."""
    candidate = find_candidate(get_video(request, public_id), candidate_id)
    if candidate is None:
        raise Http404
    return picture_response(candidate_picture_of(candidate))


@require_safe
def reference(request: Request, public_id: str) -> HttpResponseBase:
    """Send the reference image of a video."""
    image = get_video(request, public_id).reference
    if image is None:
        raise Http404
    return serve_or_404(request, StoredFile(image.file, image.content_type, etag=image.sha256))


@require_safe
def picture(request: Request, public_id: str) -> HttpResponseBase:
    """Send a reference image; a deleted one too, for as long as a video made from it is there."""
    image = get_object_or_404(ReferenceImage, owner=request.user, public_id=public_id)
    return serve_or_404(request, StoredFile(image.file, image.content_type, etag=image.sha256))


@require_safe
def thumbnail(request: Request, public_id: str) -> HttpResponseBase:
    """Send a reference image, small. Images older than thumbnails are sent whole."""
    image = get_object_or_404(ReferenceImage, owner=request.user, public_id=public_id)
    if not image.thumbnail:
        return serve_or_404(request, StoredFile(image.file, image.content_type, etag=image.sha256))
    return serve_or_404(request, StoredFile(image.thumbnail, THUMBNAIL_TYPE, etag=f"{image.sha256}-small"))
