"""What one's videos cost: sums by model and by day, and a table of every video to download."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from videos.forms.usage import UsageForm
from videos.models import Video
from videos.services.usage import accepted_between, summarize_usage
from videos.views.access import Request

_CHUNK = 500  # rows read at once
_COLUMNS = (
    *("id", "accepted_at", "status", "prompt", "model", "size", "seconds", "backend"),
    *(
        "cost_usd",
        "estimated_usd",
        "estimated_from_videos",
        "charged_usd",
        "difference_usd",
        "charge_problem",
    ),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for the beginning of a formula


@require_safe
def usage(request: Request) -> HttpResponse:
    """Show what was spent from `?first=` to `?last=`; 422 with a sentence for days that cannot be shown."""
    form = UsageForm(request.GET)
    if not form.is_valid():
        return render(request, "videos/usage.html", {"form": form}, status=422)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    context = {
        "form": form,
        "first": first,
        "last": last,
        "usage": summarize_usage(request.user, first, last),
    }
    return render(request, "videos/usage.html", context)


@require_safe
def download(request: Request) -> HttpResponseBase:
    """Download a CSV file with a row for each video of the same days."""
    form = UsageForm(request.GET)
    if not form.is_valid():
        return render(request, "videos/usage.html", {"form": form}, status=422)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    response = StreamingHttpResponse(_lines(request, first, last), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="contentgen-usage-{first}-{last}.csv"'
    return response


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _lines(request: Request, first: date, last: date) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # by which spreadsheets know UTF-8
    yield writer.writerow(_COLUMNS)
    videos: Iterable[Video] = (
        accepted_between(request.user, first, last).order_by("accepted_at", "pk").select_related("backend")
    ).iterator(chunk_size=_CHUNK)
    for video in videos:
        yield writer.writerow([_cell(value) for value in _row(video)])


def _row(video: Video) -> tuple[object, ...]:
    accepted_at = video.accepted_at.isoformat() if video.accepted_at else None
    return (
        *(video.public_id, accepted_at, video.status, video.prompt, video.model, video.size, video.seconds),
        *(video.backend.name, video.cost, video.price, video.price_samples, video.charged),
        *(video.cost_difference, video.charge_problem),
    )


def _cell(value: object) -> object:
    """Return the value of a cell. Text that a spreadsheet would carry out is quoted."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
