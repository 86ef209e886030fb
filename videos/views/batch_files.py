"""What a batch has come to, to take along: its results as CSV, its videos as a ZIP."""

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from videos.media.file_response import readable_name
from videos.models import Batch, BatchRow, Video
from videos.services.batch_progress import kind_of
from videos.views.access import Request
from videos.views.batches import get_batch
from videos.views.cost_table import Echo, cell
from videos.views.zip_export import batch_zip_response

_CHUNK = 500  # rows read at once
_COLUMNS = (
    *("row", "key", "status", "video", "prompt", "model", "seconds", "size", "price", "charged"),
    *("created_at", "finished_at", "error"),
)


@require_safe
def results(request: Request, public_id: str) -> HttpResponseBase:
    """Send a CSV file with a line for each row, in the order of the file. No cell is taken for a formula."""
    batch = get_batch(request, public_id)
    response = StreamingHttpResponse(_lines(batch), content_type="text/csv; charset=utf-8")
    name = f"{readable_name(batch.name) or batch.public_id}-results.csv"
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def _lines(batch: Batch) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff"  # by which spreadsheets know UTF-8
    yield writer.writerow(_COLUMNS)
    rows = batch.rows.order_by("number").select_related("video")
    for row in rows.iterator(chunk_size=_CHUNK):
        yield writer.writerow([cell(value) for value in _values(row)])


def _values(row: BatchRow) -> tuple[object, ...]:
    video, fields = row.video, row.request
    kind = kind_of(row.state, video.state if video else None, is_gone=bool(video and video.deleted_at))
    status = "deleted" if kind == "gone" else video.status if video else row.state
    asked = fields["prompt"], fields["model"], fields["seconds"], fields["size"]
    if video is None:
        return (row.place, row.key, status, "", *asked, row.price, None, None, None, row.error)
    moments = [each and each.isoformat() for each in (video.created_at, video.finished_at)]
    known = row.price, video.charged, *moments, video.error_message
    return (row.place, row.key, status, video.public_id, *asked, *known)


@require_safe
def download(request: Request, public_id: str) -> HttpResponseBase:
    """Send all completed videos of the batch as a ZIP, written while it is sent."""
    batch = get_batch(request, public_id)
    done = Video.objects.owned_by(request.user).filter(batch=batch).exclude(file="").order_by("pk")
    if not done.exists():
        messages.info(request, gettext("None of its videos has a file yet."))
        return redirect(batch)
    return batch_zip_response(done, request.user, readable_name(batch.name) or batch.public_id)
