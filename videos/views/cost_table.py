"""What one's videos cost, one by one, as a table to download; the sums are on the Spend page."""

import csv
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.reports import Query
from billing.spend import Span
from videos.models import Video
from videos.services.usage import accepted_between
from videos.views.access import Request

_CHUNK = 500  # rows read at once
_COLUMNS = (
    *("id", "accepted_at", "status", "prompt", "model", "size", "seconds", "backend"),
    *("cost", "estimated", "estimated_from_videos", "charged", "difference", "charge_problem"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for the beginning of a formula


@require_safe
def download(request: Request) -> HttpResponseBase:
    """Download a CSV file with a row for each of one's videos of the days that the Spend page shows.

    Amounts are in the currency that the file is named by. The page tells what is wrong with the days.
    """
    query = Query.from_parameters(request.GET.dict())
    if query.problem:
        return redirect(f"{reverse('billing:spend')}?{request.GET.urlencode()}")
    span = query.span
    name = f"spend-videos-{span.first}-{span.last}-{settings.CURRENCY}.csv"
    response = StreamingHttpResponse(_lines(request, span), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _lines(request: Request, span: Span) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff"  # by which spreadsheets know UTF-8
    yield writer.writerow(_COLUMNS)
    videos: Iterable[Video] = (
        accepted_between(request.user, span.first, span.last)
        .order_by("accepted_at", "pk")
        .select_related("backend")
        .iterator(chunk_size=_CHUNK)
    )
    for video in videos:
        yield writer.writerow([cell(value) for value in _row(video)])


def _row(video: Video) -> tuple[object, ...]:
    accepted_at = video.accepted_at.isoformat() if video.accepted_at else None
    return (
        *(video.public_id, accepted_at, video.status, video.prompt, video.model, video.size, video.seconds),
        *(video.backend.name, video.cost, video.price, video.price_samples, video.charged),
        *(video.cost_difference, video.charge_problem),
    )


def cell(value: object) -> object:
    """Return the value of a cell. Text that a spreadsheet would carry out is quoted."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
