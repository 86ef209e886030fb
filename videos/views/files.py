"""The files of a video and of a reference image, for their owner only."""

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from videos.media.file_response import POSTER_TYPE, SCRUB_TYPE, StoredFile, readable_name, serve_or_404
from videos.media.reference import THUMBNAIL_TYPE
from videos.models import ReferenceImage
from videos.views.access import Request, get_video


@require_safe
def file(request: Request, public_id: str) -> HttpResponseBase:
    """Send the video itself, with byte ranges so that players can seek. `?download=1` saves it."""
    video = get_video(request, public_id)
    stored = StoredFile(
        video.file,
        "video/mp4",
        download_name=f"{readable_name(video.prompt) or video.public_id}.mp4",
        as_attachment="download" in request.GET,
        etag=video.sha256,
    )
    return serve_or_404(request, stored)


@require_safe
def poster(request: Request, public_id: str) -> HttpResponseBase:
    return serve_or_404(request, StoredFile(get_video(request, public_id).poster, POSTER_TYPE))


@require_safe
def scrub(request: Request, public_id: str) -> HttpResponseBase:
    """The scrub sheet: moments of the clip as tiles in one picture."""
    return serve_or_404(request, StoredFile(get_video(request, public_id).scrub_sheet, SCRUB_TYPE))


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
