"""One's reference images: looking through them, adding, naming and deleting them."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods

from videos.models import ReferenceImage
from videos.models.reference_image import NAME_LIMIT
from videos.services.references import (
    MAX_UPLOADS,
    add_reference,
    annotate_video_counts,
    delete_reference,
    rename_reference,
)
from videos.views.access import Request, get_reference, search_terms, signed_in
from videos.views.notifications import notify

PAGE = 36  # images
_PLACE = re.compile(r"([0-9]{1,17})-([A-Za-z0-9_-]{1,64})")
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_PARTS = {
    "more": "videos/_reference_page.html",
    "results": "videos/_reference_list.html",
    "picker": "videos/_reference_picker.html",
    "picker-more": "videos/_reference_picker.html",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def references(request: Request) -> HttpResponse:
    """Show one page of them, last used first; `?q=` searches their names. A POST adds the files in `images`.

    HTMX gets the part it names as its target: the next ones (`more`), the result of a search (`results`), or
    what the studio's dialog shows (`picker`, then `picker-more`).
    """
    if request.method == "POST":
        return _add(request)
    target = str(request.htmx.target) if request.htmx and not request.htmx.history_restore_request else ""
    response = render(request, _PARTS.get(target, "videos/references.html"), _context(request))
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def name(request: Request, public_id: str) -> HttpResponse:
    """Give an image a name. HTMX gets its card, drawn anew."""
    image = get_reference(request, public_id)
    context: dict[str, object] = {"image": image, "name_limit": NAME_LIMIT}
    if request.method == "POST":
        written = request.POST.get("name", "")
        try:
            rename_reference(image, written)
        except ValidationError as error:
            context |= {"written": written, "errors": error.message_dict["name"]}
        else:
            if not request.htmx:
                return redirect("videos:references")
    annotate_video_counts(request.user, [image])
    template = "videos/_reference_card.html" if request.htmx else "videos/reference_rename.html"
    response = render(request, template, context, status=422 if "errors" in context else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST deletes. Videos made from the image keep it. HTMX gets the question, then nothing."""
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
    return notify(request, answer, "Image deleted.")


def _add(request: Request) -> HttpResponse:
    """Keep the good ones of the files, and say of each of the others what is wrong."""
    files = request.FILES.getlist("images")
    sent, left = files[:MAX_UPLOADS], files[MAX_UPLOADS:]
    wrong = [(file.name or "", sentence) for file in sent if (sentence := _refused(request, file))]
    added = len(sent) - len(wrong)
    if not files:
        wrong.append(("", "Choose one or more images."))
    if left:
        wrong.append(
            (f"{len(left)} more", f"Up to {MAX_UPLOADS} images can be added at once. Add these again.")
        )
    if request.htmx or wrong:
        template = "videos/_reference_list.html" if request.htmx else "videos/references.html"
        context = _context(request) | {"wrong": wrong}
        response = render(request, template, context, status=422 if wrong else 200)
    else:
        response = redirect("videos:references")
    return notify(request, response, _words(added)) if added else response


def _refused(request: Request, file: UploadedFile[bytes]) -> str:
    """Keep the file. Returns a sentence when it cannot be a reference image, else nothing."""
    try:
        add_reference(request.user, file)  # type: ignore[arg-type]  # an upload is a file
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _words(added: int) -> str:
    return "1 image added." if added == 1 else f"{added} images added."


def _context(request: Request) -> dict[str, object]:
    """One page. Its place is told by the last one's time of use and id, not by the id alone: the image may be
    deleted, or used again, before somebody goes on from it.
    """
    words = search_terms(request)
    rows = ReferenceImage.objects.visible_to(request.user)
    for word in words:
        rows = rows.filter(name__icontains=word)
    mark = _PLACE.fullmatch(request.GET.get("below", "")) if request.method != "POST" else None
    if mark:
        moment = _EPOCH + int(mark[1]) * _TICK
        rows = rows.filter(Q(used_at__lt=moment) | Q(public_id__lt=mark[2]), used_at__lte=moment)
    found = list(rows.order_by("-used_at", "-public_id")[: PAGE + 1])
    shown = found[:PAGE]
    annotate_video_counts(request.user, shown)
    return {
        "images": shown,
        "below": _address(words, shown[-1]) if len(found) > PAGE else "",
        "is_first": mark is None,
        "q": " ".join(words),
        "name_limit": NAME_LIMIT,
        "file_limit": settings.MAX_FILE_SIZE,
    }


def _address(words: list[str], last: ReferenceImage) -> str:
    """Where it goes on after the `last` one."""
    below = f"{(last.used_at - _EPOCH) // _TICK}-{last.public_id}"
    query = {"q": " ".join(words), "below": below} if words else {"below": below}
    return f"{reverse('videos:references')}?{urlencode(query)}"
