"""A new batch: every row is checked before anything is kept, each fault is named at its row and column."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from contentgen.uploads import takes_upload
from videos.capabilities import OfferCatalogue
from videos.forms.batches import MAX_TABLE_LENGTH, BatchForm
from videos.models import Collection, Video
from videos.services.batch_file import COLUMNS, SUFFIXES
from videos.services.batch_input import BatchInput, check_input, editable_text, save_input, table_of
from videos.services.batch_record import RowError
from videos.views.access import Request
from videos.views.bulk import ActionError, selected_videos
from videos.views.search import Search

MAX_FAULTS = 200  # that a page lists
_LISTED_MODELS = _LISTED_COLLECTIONS = 100  # that the fields suggest


@takes_upload(lambda: settings.MAX_BATCH_FILE_SIZE + settings.MAX_BATCH_ZIP_SIZE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    """Take a file, a table or a template. Where every row is valid, show the batch, ready to start; else
    what is wrong, with what was sent to be mended.
    """
    if request.method != "POST":
        return render(request, "videos/batch_new.html", _context(request, BatchForm()))
    form = BatchForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "videos/batch_new.html", _context(request, form), status=422)
    sent = form.sent
    try:
        checked, images = check_input(request.user, sent)
        if not checked.errors:
            return redirect(save_input(request.user, sent, checked, images))
    except ValidationError as error:
        _add_errors(form, error)
        return render(request, "videos/batch_new.html", _context(request, form, sent), status=422)
    return render(request, "videos/batch_new.html", _context(request, form, sent, checked.errors), status=422)


@require_POST
def again(request: Request) -> HttpResponse:
    """Show the selected videos as a table, to be changed and sent as a batch."""
    try:
        videos = selected_videos(request)
    except ActionError as error:
        messages.error(request, str(error))
        return redirect(Search.from_request(request).address)
    rows = Video.objects.filter(pk__in=[video.pk for video in videos]).order_by("pk")
    rows = rows.select_related("reference", "last_frame").prefetch_related("video_references__image", "tags")
    table = table_of(rows)
    if len(table) > MAX_TABLE_LENGTH:
        messages.error(request, gettext("These prompts are too long for one table. Select fewer videos."))
        return redirect(Search.from_request(request).address)
    name = ngettext("Again: %(count)d video", "Again: %(count)d videos", len(videos)) % {"count": len(videos)}
    form = BatchForm(initial={"table": table, "name": name})
    return render(request, "videos/batch_new.html", _context(request, form) | {"is_again": True})


def _add_errors(form: BatchForm, error: ValidationError) -> None:
    by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, sentences in by_field.items():
        form.add_error(name if name in form.fields else None, list(sentences))


def _context(
    request: Request, form: BatchForm, sent: BatchInput | None = None, faults: Sequence[RowError] = ()
) -> dict[str, Any]:
    offers = OfferCatalogue()
    return {
        "form": form,
        "table": editable_text(sent) if sent else form["table"].value() or "",
        "faults": faults[:MAX_FAULTS],
        "fault_count": len(faults),
        "was_file": bool(sent and sent.content),
        "offers": offers.first(_LISTED_MODELS),
        "collections": Collection.objects.editable_by(request.user).order_by("name")[:_LISTED_COLLECTIONS],
        "columns": COLUMNS,
        "suffixes": SUFFIXES,
        "max_rows": settings.MAX_BATCH_ROWS,
        "max_bytes": settings.MAX_BATCH_FILE_SIZE,
    }
