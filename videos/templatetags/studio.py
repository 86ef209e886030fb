"""Template tags that put a video's numbers and states into words and shapes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django import template
from django.contrib.humanize.templatetags.humanize import ordinal
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext, pgettext_lazy
from django_stubs_ext import StrPromise

from accounts.models import User
from billing.money import format_money
from videos.capabilities import Offer
from videos.engine import fair_queue
from videos.models import Character, Kind, ReferenceImage, State, Video
from videos.models.video import MAX_RATING
from videos.parameters import SEED, format_value
from videos.services import prices, visibility
from videos.services.form_keys import new_form_key
from videos.services.parameters import parameter_labels
from videos.services.variants import can_vary

register = template.Library()

# Width in hundredths of the height. A strict CSP knows no inline style, so the stylesheet has a rule for each
# of these and a clip takes the nearest.
RATIOS = (46, 56, 57, 67, 75, 80, 100, 125, 133, 150, 175, 178, 185, 200, 239)

_SIZE_NAMES = {
    "1280x720": gettext_lazy("Landscape"),
    "720x1280": gettext_lazy("Portrait"),
    "1024x1792": pgettext_lazy("size", "Tall"),
    "1792x1024": pgettext_lazy("size", "Wide"),
}
# The word alone, and within a sentence: in some languages a capital letter does not just become a small one.
_STATUS_LABELS: dict[State, tuple[StrPromise, StrPromise]] = {
    State.QUEUED: (gettext_lazy("Queued"), pgettext_lazy("status", "queued")),
    State.SUBMITTING: (gettext_lazy("Submitting"), pgettext_lazy("status", "submitting")),
    State.UNCERTAIN: (
        gettext_lazy("Checking with the backend"),
        pgettext_lazy("status", "checking with the backend"),
    ),
    State.IN_PROGRESS: (gettext_lazy("In progress"), pgettext_lazy("status", "in progress")),
    State.STORING: (gettext_lazy("Saving the file"), pgettext_lazy("status", "saving the file")),
    State.COMPLETED: (gettext_lazy("Completed"), pgettext_lazy("status", "completed")),
    State.FAILED: (gettext_lazy("Failed"), pgettext_lazy("status", "failed")),
    State.CANCELED: (gettext_lazy("Canceled"), pgettext_lazy("status", "canceled")),
}
# Of a shape in a box of 28 by 28: how long its longer side is at least and at most, and for how many pixels.
# Ratios that are all but the same, such as Portrait and Tall, differ in their length.
_ICON_SIDE, _ICON_PIXELS = (15.0, 26.0), 1792


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw `name` from the sprite, hidden from screen readers: text beside it, or a label, says the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons/sprite.svg"),
        name,
    )


@register.simple_tag
def form_key() -> SafeString:
    """Draw the one-time key of a form that costs money. A browser that restores a form must not bring it back
    into a page drawn anew, hence no autocompletion.
    """
    return format_html('<input type="hidden" name="form_key" value="{}" autocomplete="off">', new_form_key())


@register.filter
def ratio(picture: Video | ReferenceImage) -> int:
    """Return the nearest of RATIOS: of a video's file as measured, before that of the size asked for."""
    if isinstance(picture, Video):
        width, height = picture.width or picture.requested_width, picture.height or picture.requested_height
    else:
        width, height = picture.width, picture.height
    return min(RATIOS, key=lambda known: abs(known - 100 * width / height))


@register.filter
def is_tall(video: Video) -> bool:
    """Whether it is clearly taller than wide, so that a page has room beside rather than below it."""
    return ratio(video) < 90


@register.filter
def any_live(videos: Iterable[Video]) -> bool:
    """Whether a page of these videos needs to poll."""
    return any(video.is_live for video in videos)


@register.filter
def acted_on_by(video: Video, person: User) -> bool:
    """Whether a page shows the person what can be done with the video."""
    return visibility.may_act(person, video)


@register.filter
def rating_choices(video: Video) -> list[tuple[int, bool]]:
    """Return the ratings to choose from, each with whether the video has it."""
    return [(number, number == video.rating) for number in range(1, MAX_RATING + 1)]


@register.filter
def can_be_varied(video: Video) -> bool:
    """Whether one more of it can be asked for with one click."""
    return can_vary(video)


@register.filter
def belongs_to(video: Video, person: User) -> bool:
    """Whether a page shows the person what is private about the video."""
    return visibility.is_owner(person, video)


@register.filter
def tells_cost_to(video: Video, person: User) -> bool:
    """Whether a page tells the person what the video cost."""
    return visibility.sees_cost(person, video)


@register.filter
def any_pending(characters: Iterable[Character]) -> bool:
    """Whether a page of these characters needs to poll."""
    return any(character.is_pending for character in characters)


@register.filter
def version(video: Video) -> str:
    """Return a short text that differs whenever drawing the video again would show something else."""
    return version_of(video.revision, video.queue_position)


def version_of(revision: int, queue_position: int | None) -> str:
    """Return the `version` of a video of which no more than this was read."""
    return f"{revision}.{queue_position}" if queue_position else str(revision)


@register.filter
def position_label(queue_position: int) -> str:
    """Return a position in the queue in words, as far as it was counted."""
    if queue_position > fair_queue.MAX_POSITION:
        return gettext("at least %(count)d ahead") % {"count": fair_queue.MAX_POSITION}
    return gettext("%(ordinal)s in the queue") % {"ordinal": ordinal(queue_position)}


@register.filter
def status_label(video: Video) -> str:
    """Return the status in a word or two."""
    return _status_labels(video)[0]


@register.filter
def status_in_sentence(video: Video) -> str:
    """Return the status as it stands within a sentence."""
    return _status_labels(video)[1]


def _status_labels(video: Video) -> tuple[str, str]:
    """Return the status as it stands alone, and within a sentence."""
    if video.is_in_flight and video.cancel_requested_at is not None:
        return gettext("Canceling"), pgettext("status", "canceling")
    if video.needs_decision:
        return gettext("Needs attention"), pgettext("status", "needs attention")
    if video.awaits_late_result and video.generated_at:
        return gettext("Not downloaded, still trying"), pgettext("status", "not downloaded, still trying")
    if video.awaits_late_result:
        return gettext("Timed out, still checking"), pgettext("status", "timed out, still checking")
    if video.waits_at_backend:
        name = {"backend": video.backend.name}
        return gettext("Queued at %(backend)s") % name, pgettext("status", "queued at %(backend)s") % name
    alone, in_sentence = _STATUS_LABELS[State(video.state)]
    return str(alone), str(in_sentence)


@register.filter
def step_started_at(video: Video) -> datetime:
    """Return when the present step of a video in flight began, as far as its row remembers."""
    if video.state == State.QUEUED:
        # Of when `retry` queued the video again there is no other trace than when it is due.
        return video.attempted_at or video.due_at or video.created_at
    if video.state == State.STORING and video.generated_at:
        return video.generated_at
    return video.accepted_at or video.attempted_at or video.created_at


@register.simple_tag
def step_elapsed(video: Video) -> str:
    """Return how long the present step has taken so far; a script goes on counting from there."""
    return clock((timezone.now() - step_started_at(video)).total_seconds())


@register.filter
def has_real_progress(video: Video) -> bool:
    """Whether the percentage is worth showing.

    Many backends report 0 until they report 100, and others stand still at 99: of those only the time is
    known.
    """
    return video.state == State.IN_PROGRESS and 0 < (video.progress or 0) < 99


@register.filter
def is_overdue(video: Video) -> bool:
    """Whether the present step takes longer than the page says that such videos usually do."""
    elapsed = (timezone.now() - step_started_at(video)).total_seconds()
    return video.typical_seconds is not None and elapsed > approximate_seconds(video.typical_seconds)


@register.filter
def approximate_seconds(seconds: float) -> int:
    """Return a typical duration as it is told: rounded to 5 s from 15 s on, to 30 s from 5 minutes on."""
    step = 1 if seconds < 15 else 5 if seconds < 300 else 30
    return step * max(1, round(seconds / step))


@register.filter
def time_left(video: Video) -> str:
    """Return in words how long the present step probably still takes; empty where nobody can tell."""
    if video.typical_seconds is None:
        return ""
    elapsed = (timezone.now() - step_started_at(video)).total_seconds()
    left = approximate_seconds(video.typical_seconds) - elapsed
    if left < 60:
        return gettext("about %(seconds)d s left") % {"seconds": max(5, 5 * round(left / 5))}
    return gettext("about %(minutes)d min left") % {"minutes": round(left / 60)}


@register.filter
def clock(seconds: float | None) -> str:
    """Return seconds as a clock shows them, `0:04` or `1:02:03`; empty for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.simple_tag
def duration_between(begin: datetime | None, end: datetime | None) -> str:
    """Return the time from `begin` to `end`, such as `0.4 s` or `3 min 5 s`; empty when either is missing."""
    if begin is None or end is None:
        return ""
    seconds = max(0.0, (end - begin).total_seconds())
    if seconds < 10:
        whole, tenths = divmod(round(10 * seconds), 10)
        return gettext("%(whole)d.%(tenths)d s") % {"whole": whole, "tenths": tenths}
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return gettext("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    return gettext("%(seconds)s s") % {"seconds": rest}


@register.filter
def requested_length(video: Video) -> str:
    """Return the length asked for, such as `4 s`; of an extension, `+4 s, 8 s total`."""
    if video.kind == Kind.EXTEND:
        lengths = {"added": video.seconds, "total": video.total_seconds}
        return gettext("+%(added)d s, %(total)d s total") % lengths
    return gettext("%(seconds)s s") % {"seconds": video.seconds}


@register.filter
def parameter_facts(video: Video) -> list[tuple[str, str]]:
    """The parameters that were asked for, each with its label; the seed is told beside them."""
    labels = parameter_labels([video])
    return [(labels[name], format_value(value)) for name, value in video.parameters.items() if name != SEED]


@register.filter
def seed_origin(video: Video) -> str:
    """Where the seed of a video is from."""
    if video.used_seed is not None and video.used_seed != video.seed:
        return gettext("as %(backend)s says") % {"backend": video.backend.name}
    return gettext("chosen") if SEED in video.parameters else gettext("drawn by the studio")


@register.filter
def rates_as_json(offer: Offer) -> str:
    """Return an offer's prices for the page's script, as `services.prices.rates_as_json` does."""
    return prices.rates_as_json(offer)


@register.filter
def cost_in_words(video: Video) -> str:
    """Return a video's cost, such as $0.40, or about $0.42 while it is an estimate; empty without one."""
    if video.charged is not None:
        return format_money(video.charged)
    return "" if video.price is None else str(prices.Price(video.price, video.price_samples or 0))


@register.filter
def has_cost(video: Video) -> bool:
    """Whether a video cost something, or will; one that failed only where something was charged for it."""
    return bool(video.charged if video.state == State.FAILED else cost_in_words(video))


@register.filter
def cost_basis(video: Video) -> str:
    """Return where a video's cost comes from, and how far it is from the estimate."""
    return prices.describe_basis(video)


@register.filter
def deletion_time(video: Video) -> datetime | None:
    """Return when a video in the trash is deleted for good; None for one that is not there."""
    return video.purged_at if video.trashed_at else None


@register.filter
def days_left(video: Video) -> str:
    """Return how long a video in the trash is still kept, in words short enough for a narrow card."""
    end = deletion_time(video)
    days = (end - timezone.now()).days if end else 0
    if days < 1:
        return gettext("Deleted today")
    return ngettext("%(count)d day left", "%(count)d days left", days) % {"count": days}


@register.filter
def format_size(size: str) -> str:
    """Return a size such as `1280x720` with a real multiplication sign."""
    return size.replace("x", "\u00d7")


@register.filter
def size_name(size: str) -> str:
    """Return what people call a size, such as Landscape."""
    width, height = _sides(size)
    if width == height:
        return gettext("Square")
    if size in _SIZE_NAMES:
        return str(_SIZE_NAMES[size])
    return gettext("Landscape") if width > height else gettext("Portrait")


@dataclass(frozen=True)
class SizeIcon:
    """A rectangle in a box of 28 by 28."""

    x: float
    y: float
    width: float
    height: float


@register.filter
def size_icon(size: str) -> SizeIcon:
    """Return a rectangle of the size's shape, the longer the larger the size is."""
    width, height = _sides(size)
    least, most = _ICON_SIDE
    side = min(most, max(least, most * max(width, height) / _ICON_PIXELS))
    scale = side / max(width, height)
    w, h = round(width * scale, 1), round(height * scale, 1)
    return SizeIcon(round((28 - w) / 2, 1), round((28 - h) / 2, 1), w, h)


def _sides(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    return int(width), int(height)
