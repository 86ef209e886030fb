"""The files of a video, for its owner only."""

from pathlib import Path

from django.db.models.fields.files import FieldFile
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.text import Truncator, slugify
from django.views.decorators.http import require_safe

from videos.media.serve import file_response
from videos.models import Video
from videos.views.loading import Request, get_video, signed_in

# As `videos.media.poster` makes them. Not taken from there: that would bring FFmpeg into every web process.
POSTER_TYPE, SCRUB_TYPE = "image/webp", "image/jpeg"


@require_safe
@signed_in
def file(request: Request, public_id: str) -> HttpResponseBase:
    """The clip itself, with byte ranges so that players can seek. `?download=1` saves it."""
    video = get_video(request, public_id)
    return _answer(
        request,
        video.file,
        content_type="video/mp4",
        filename=f"{readable_name(video)}.mp4",
        as_attachment="download" in request.GET,
        etag=video.sha256 or None,
    )


@require_safe
@signed_in
def poster(request: Request, public_id: str) -> HttpResponseBase:
    return _answer(request, get_video(request, public_id).poster, content_type=POSTER_TYPE)


@require_safe
@signed_in
def scrub(request: Request, public_id: str) -> HttpResponseBase:
    """The scrub sheet: moments of the clip as tiles in one picture."""
    return _answer(request, get_video(request, public_id).scrub_sheet, content_type=SCRUB_TYPE)


@require_safe
@signed_in
def reference(request: Request, public_id: str) -> HttpResponseBase:
    """The picture the video started from."""
    image = get_video(request, public_id).reference
    if image is None:
        raise Http404
    return _answer(request, image.file, content_type=image.content_type, etag=image.sha256)


def _answer(
    request: Request,
    stored: FieldFile,
    *,
    content_type: str,
    filename: str | None = None,
    as_attachment: bool = False,
    etag: str | None = None,
) -> HttpResponseBase:
    """Serve from a local disk; elsewhere, send the browser to where storage keeps it."""
    if not stored:
        raise Http404
    try:
        path = Path(stored.path)
    except NotImplementedError:
        return redirect(stored.url)
    try:
        return file_response(
            request,
            path,
            content_type=content_type,
            filename=filename,
            as_attachment=as_attachment,
            etag=etag,
        )
    except FileNotFoundError as error:
        raise Http404 from error


def readable_name(video: Video) -> str:
    """A file name that says what is in it, such as `a-paper-boat-on-a-rainy-street`."""
    words = Truncator(video.prompt).words(8, truncate="")
    return slugify(words, allow_unicode=True)[:80].strip("-") or video.public_id
