"""One's reference images: looking through them, adding, naming and deleting them."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from contentgen.uploads import takes_upload
from videos.media.facts import MAX_UPLOAD_PIXELS
from videos.models import ReferenceImage
from videos.models.keyset import KeysetOrder, Position, take_page
from videos.models.reference_image import NAME_LIMIT
from videos.services.references import (
    MAX_UPLOADS,
    add_reference,
    annotate_video_counts,
    delete_reference,
    rename_reference,
)
from videos.validation import PUBLIC_ID_PATTERN
from videos.views.access import Request, get_reference, search_query
from videos.views.notifications import notify

PAGE_SIZE = 36  # images

_LAST_USED_FIRST = KeysetOrder(F("used_at"), tie_breaker="public_id")
_CURSOR = re.compile(rf"([0-9]{{1,17}})-({PUBLIC_ID_PATTERN})")
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_FRAGMENTS = {
    "more": "videos/_reference_page.html",
    "results": "videos/_reference_list.html",
    "picker": "videos/_reference_picker.html",
    "picker-more": "videos/_reference_picker.html",
}


@takes_upload(lambda: MAX_UPLOADS * settings.MAX_FILE_SIZE)
@require_http_methods(["GET", "HEAD", "POST"])
def references(request: Request) -> HttpResponse:
    """Show one page of them, last used first; `?q=` searches their names. A POST adds the files in `images`.

    HTMX gets the part it names as its target: the next page (`more`), the results of a search (`results`), or
    what the studio's dialog shows (`picker`, then `picker-more`).
    """
    if request.method == "POST":
        return _add(request)
    target = str(request.htmx.target) if request.htmx and not request.htmx.history_restore_request else ""
    template = _FRAGMENTS.get(target, "videos/references.html")
    response = render(request, template, _page_context(request, request.GET.get("below", "")))
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def name(request: Request, public_id: str) -> HttpResponse:
    """Rename an image. HTMX gets its card."""
    image = get_reference(request, public_id)
    context: dict[str, object] = {"image": image, "name_limit": NAME_LIMIT}
    if request.method == "POST":
        typed = request.POST.get("name", "")
        try:
            rename_reference(image, typed)
        except ValidationError as error:
            context |= {"typed": typed, "errors": error.message_dict["name"]}
        else:
            if not request.htmx:
                return redirect("videos:references")
    annotate_video_counts(request.user, [image])
    template = "videos/_reference_card.html" if request.htmx else "videos/reference_rename.html"
    response = render(request, template, context, status=422 if "errors" in context else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST deletes. Videos made from the image keep it.

    HTMX gets the question alone, and after the POST nothing, which takes the card off the page.
    """
    image = get_reference(request, public_id)
    if request.method != "POST":
        template = (
            "videos/_reference_delete_confirm.html"
            if request.htmx
            else "videos/reference_delete_confirm.html"
        )
        response = render(request, template, {"image": image, "level": 2 if request.htmx else 1})
        patch_vary_headers(response, ["HX-Request"])
        return response
    delete_reference(image)
    answer = HttpResponse() if request.htmx else redirect("videos:references")
    return notify(request, answer, gettext("Image deleted."))


def _add(request: Request) -> HttpResponse:
    """Keep the files that can be reference images, and say of each of the others what is wrong with it."""
    files = request.FILES.getlist("images")
    taken, left = files[:MAX_UPLOADS], files[MAX_UPLOADS:]
    rejected = [(file.name or "", error) for file in taken if (error := _add_file(request, file))]
    added = len(taken) - len(rejected)
    if not files:
        rejected.append(("", gettext("Choose one or more images.")))
    if left:
        sentence = gettext("Up to %(count)d images can be added at once. Add these again.")
        more = ngettext("%(count)d more", "%(count)d more", len(left)) % {"count": len(left)}
        rejected.append((more, sentence % {"count": MAX_UPLOADS}))
    if request.htmx or rejected:
        template = "videos/_reference_list.html" if request.htmx else "videos/references.html"
        context = _page_context(request) | {"rejected": rejected}
        response = render(request, template, context, status=422 if rejected else 200)
    else:
        response = redirect("videos:references")
    return notify(request, response, _added_message(added)) if added else response


def _add_file(request: Request, file: UploadedFile[bytes]) -> str:
    """Keep the file. Returns what is wrong when it cannot be a reference image, else an empty text."""
    try:
        add_reference(request.user, file)  # type: ignore[arg-type]  # an upload is a file
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _added_message(added: int) -> str:
    return ngettext("%(count)d image added.", "%(count)d images added.", added) % {"count": added}


def _page_context(request: Request, cursor: str = "") -> dict[str, object]:
    """Return what the page after `cursor` is drawn from; anything else than a cursor means the first page."""
    query = search_query(request)
    rows = ReferenceImage.objects.owned_by(request.user).search(query)
    position = _parse_cursor(cursor)
    if position is not None:
        rows = _LAST_USED_FIRST.after(rows, position)
    images, has_more = take_page(_LAST_USED_FIRST.sort(rows), PAGE_SIZE)
    annotate_video_counts(request.user, images)
    return {
        "images": images,
        "next_url": _next_url(query, images[-1]) if has_more else "",
        "is_first": position is None,
        "q": query,
        "name_limit": NAME_LIMIT,
        "file_limit": settings.MAX_FILE_SIZE,
        "pixel_limit": MAX_UPLOAD_PIXELS,
    }


def _next_url(query: str, last: ReferenceImage) -> str:
    """Return the address of the page after the image `last`.

    Its cursor is the time of use and the id, not the id alone: the image may be deleted, or used again,
    before somebody goes on from it.
    """
    cursor = f"{(last.used_at - _EPOCH) // _MICROSECOND}-{last.public_id}"
    parameters = {"q": query, "below": cursor} if query else {"below": cursor}
    return f"{reverse('videos:references')}?{urlencode(parameters)}"


def _parse_cursor(text: str) -> Position | None:
    match = _CURSOR.fullmatch(text)
    return Position(match[2], _EPOCH + int(match[1]) * _MICROSECOND) if match else None
