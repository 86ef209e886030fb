"""Two to four finished videos side by side, and what differs between them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import date as written
from django.utils import timezone
from django.views.decorators.http import require_safe

from videos.formatting import format_dollars
from videos.models import State, Video
from videos.prompts.diff import highlight_differences
from videos.templatetags.studio import times, took
from videos.views.access import Request, signed_in
from videos.views.pagination import PUBLIC_ID

FEWEST, MOST = 2, 4


@dataclass(frozen=True)
class Row:
    """One fact that is not the same everywhere, in the order of the videos."""

    label: str
    values: list[str]


_FACTS: dict[str, Callable[[Video], str]] = {
    "Model": lambda video: video.model,
    "Resolution": lambda video: times(video.size),
    "Duration": lambda video: f"{video.total_seconds} s",
    "Type": lambda video: video.get_kind_display(),
    "Backend": lambda video: video.backend.name,
    "Cost": lambda video: "No price" if video.price is None else format_dollars(video.price),
    "Reference": lambda video: "Image" if video.reference_id else "None",
    "Created": lambda video: written(timezone.localtime(video.created_at), "j M Y, H:i"),
    "Queue time": lambda video: took(video.created_at, video.accepted_at),
    "Generation time": lambda video: took(video.accepted_at, video.generated_at),
}


@require_safe
@signed_in
def compare(request: Request) -> HttpResponse:
    """Show the videos of `?id=…&id=…` in that order. Fewer than two or more than four that are one's own,
    finished and on show make a 400 that says so.
    """
    wanted = [text for text in dict.fromkeys(request.GET.getlist("id")) if PUBLIC_ID.fullmatch(text)]
    videos = _finished(request, wanted[: MOST + 1])
    if not FEWEST <= len(videos) <= MOST or len(wanted) > MOST:
        return render(request, "videos/compare_unavailable.html", {"count": len(wanted)}, status=400)
    prompts = highlight_differences([video.prompt for video in videos])
    context = {
        "takes": list(zip(videos, prompts, strict=True)),
        "count": len(videos),
        "same_prompt": len({video.prompt for video in videos}) == 1,
        "rows": _rows(videos),
    }
    return render(request, "videos/compare.html", context)


def _finished(request: Request, wanted: Sequence[str]) -> list[Video]:
    mine = (
        Video.objects.visible_to(request.user)
        .not_trashed()
        .filter(public_id__in=wanted, state=State.COMPLETED)
    )
    found = {video.public_id: video for video in mine.select_related("backend")}
    return [found[public_id] for public_id in wanted if public_id in found]


def _rows(videos: Sequence[Video]) -> list[Row]:
    rows = [Row(label, [fact(video) for video in videos]) for label, fact in _FACTS.items()]
    return [row for row in rows if len(set(row.values)) > 1]
