"""Two to four finished videos side by side, and what differs between them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.http import require_safe
from django_stubs_ext import StrOrPromise

from accounts.formats import format_moment
from accounts.models import User
from videos.models import ReferenceImage, State, Video
from videos.parameters import SEED, format_value
from videos.prompts.diff import highlight_differences
from videos.services.parameters import parameter_labels
from videos.services.visibility import is_owner, note_looks, sees_cost
from videos.templatetags.studio import cost_in_words, duration_between, format_size
from videos.validation import is_public_id
from videos.views.access import Request

MIN_VIDEOS, MAX_VIDEOS = 2, 4


@dataclass(frozen=True)
class ComparisonRow:
    """One property in which the videos differ: a value for each, in their order."""

    label: StrOrPromise
    values: list[str]


def _is_seen(_: User, __: Video) -> bool:
    return True


@dataclass(frozen=True)
class _Property:
    """What is compared: its value, and whether it is told of a video, which it has to be of each of them."""

    label: StrOrPromise
    value: Callable[[Video], str]
    is_told: Callable[[User, Video], bool] = _is_seen


_PROPERTIES = (
    _Property(gettext_lazy("Model"), lambda video: video.model),
    _Property(gettext_lazy("Resolution"), lambda video: format_size(video.size)),
    _Property(gettext_lazy("Duration"), lambda video: f"{video.total_seconds} s"),
    _Property(gettext_lazy("Type"), lambda video: video.get_kind_display()),
    _Property(gettext_lazy("Backend"), lambda video: video.backend.name),
    _Property(gettext_lazy("Cost"), lambda video: cost_in_words(video) or gettext("No price"), sees_cost),
    _Property(gettext_lazy("First frame"), lambda video: _name_images([video.reference]), is_owner),
    _Property(gettext_lazy("Last frame"), lambda video: _name_images([video.last_frame]), is_owner),
    _Property(gettext_lazy("References"), lambda video: _name_images(video.references), is_owner),
    _Property(gettext_lazy("Created"), lambda video: format_moment(video.created_at)),
    _Property(
        gettext_lazy("Queue time"), lambda video: duration_between(video.created_at, video.accepted_at)
    ),
    _Property(
        gettext_lazy("Generation time"), lambda video: duration_between(video.accepted_at, video.generated_at)
    ),
)


def _name_images(images: Iterable[ReferenceImage | None]) -> str:
    return ", ".join(str(image) for image in images if image) or gettext("None")


@require_safe
def compare(request: Request) -> HttpResponse:
    """Show the videos of `?id=…&id=…` in that order.

    400 with an explanation unless two to four of them may be seen, are finished and not in the trash. Costs
    and images are told of one's own alone, costs also to managers and staff.
    """
    ids = [each for each in dict.fromkeys(request.GET.getlist("id")) if is_public_id(each)]
    videos = _finished(request, ids[: MAX_VIDEOS + 1])
    if not MIN_VIDEOS <= len(videos) <= MAX_VIDEOS or len(ids) > MAX_VIDEOS:
        return render(request, "videos/compare_unavailable.html", {"count": len(ids)}, status=400)
    note_looks(request.user, videos, gettext_noop("Its page."))
    prompts = highlight_differences([video.prompt for video in videos])
    context = {
        "takes": list(zip(videos, prompts, strict=True)),
        "count": len(videos),
        "is_same_prompt": len({video.prompt for video in videos}) == 1,
        "rows": _differing_rows(request.user, videos),
    }
    return render(request, "videos/compare.html", context)


def _finished(request: Request, ids: Sequence[str]) -> list[Video]:
    visible = Video.objects.visible_to(request.user).not_trashed()
    finished = visible.filter(public_id__in=ids, state=State.COMPLETED)
    rows = finished.select_related("backend", "reference", "last_frame").prefetch_related("video_references")
    found = {video.public_id: video for video in rows}
    return [found[public_id] for public_id in ids if public_id in found]


def _differing_rows(person: User, videos: Sequence[Video]) -> list[ComparisonRow]:
    rows = [
        ComparisonRow(each.label, [each.value(video) for video in videos])
        for each in _PROPERTIES
        if all(each.is_told(person, video) for video in videos)
    ]
    rows += _parameter_rows(videos)
    return [row for row in rows if len(set(row.values)) > 1]


def _parameter_rows(videos: Sequence[Video]) -> list[ComparisonRow]:
    """Return a row for the seed, which may have been drawn or told, and one for every other parameter."""
    seeds = [gettext("None") if video.known_seed is None else str(video.known_seed) for video in videos]
    default = gettext("Default")
    return [ComparisonRow(gettext("Seed"), seeds)] + [
        ComparisonRow(label, [format_value(video.parameters.get(name, default)) for video in videos])
        for name, label in parameter_labels(videos).items()
        if name != SEED
    ]
