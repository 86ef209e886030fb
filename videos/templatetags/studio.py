"""How a video's numbers and states are put into words and shapes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import sqrt

from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import ordinal
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from videos.engine import fair_queue
from videos.formatting import format_dollars
from videos.models import Character, Kind, ReferenceImage, State, Video

register = template.Library()

# Width in hundredths of the height. A strict CSP knows no inline style, so the stylesheet has a rule for each
# of these and a clip takes the nearest.
RATIOS = (46, 56, 57, 67, 75, 80, 100, 125, 133, 150, 175, 178, 185, 200, 239)

_NAMES = {"1280x720": "Landscape", "720x1280": "Portrait", "1024x1792": "Tall", "1792x1024": "Wide"}
_HEADLINES = {
    State.QUEUED: "Queued",
    State.SUBMITTING: "Submitting",
    State.UNCERTAIN: "Checking with the backend",
    State.IN_PROGRESS: "In progress",
    State.STORING: "Saving the file",
    State.COMPLETED: "Completed",
    State.FAILED: "Failed",
    State.CANCELED: "Canceled",
}
_GLYPH_AREA = 17.0**2  # of a shape drawn in a box of 28 by 28


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw `name` from the sprite. It is an ornament: the text beside it, or a label, says what it means."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons/sprite.svg"),
        name,
    )


@register.filter
def ratio(picture: Video | ReferenceImage) -> int:
    """The nearest of RATIOS: of a video's file as measured, before that of the size asked for."""
    if isinstance(picture, Video):
        width, height = picture.width or picture.requested_width, picture.height or picture.requested_height
    else:
        width, height = picture.width, picture.height
    return min(RATIOS, key=lambda known: abs(known - 100 * width / height))


@register.filter
def is_tall(video: Video) -> bool:
    """Whether it is clearly higher than wide, so that a page has room beside rather than below it."""
    return ratio(video) < 90


@register.filter
def any_in_flight(videos: Iterable[Video]) -> bool:
    """Whether a page of these has anything to ask for again."""
    return any(video.is_in_flight for video in videos)


@register.filter
def any_pending(characters: Iterable[Character]) -> bool:
    """Whether a page of these has anything to ask for again."""
    return any(character.is_pending for character in characters)


@register.filter
def version(video: Video) -> str:
    """What a drawn video shows, in short: it differs when drawing it again would show something else."""
    return version_of(video.revision, video.queue_position)


def version_of(revision: int, place: int | None) -> str:
    """The same, of what was read without the rest."""
    return f"{revision}.{place}" if place else str(revision)


@register.filter
def place(number: int) -> str:
    """A place in the queue, as far as it was counted."""
    return (
        f"at least {fair_queue.MAX_POSITION} ahead"
        if number > fair_queue.MAX_POSITION
        else f"{ordinal(number)} in the queue"
    )


@register.filter
def headline(video: Video) -> str:
    """Where it stands, in a word or two."""
    if video.is_in_flight and video.cancel_requested_at is not None:
        return "Canceling"
    if video.needs_decision:
        return "Needs attention"
    return _HEADLINES[State(video.state)]


@register.filter
def since(video: Video) -> datetime:
    """When the present step of a video in flight began, as far as its row remembers."""
    if video.state == State.QUEUED:
        # `retry` leaves no other trace of when the video was queued again than when it is due.
        return video.attempted_at or video.due_at or video.created_at
    if video.state == State.STORING and video.generated_at:
        return video.generated_at
    return video.accepted_at or video.attempted_at or video.created_at


@register.simple_tag
def now_since(video: Video) -> str:
    """How long the present step has taken when the page was drawn; a script goes on counting."""
    return clock((timezone.now() - since(video)).total_seconds())


@register.filter
def tells_progress(video: Video) -> bool:
    """Whether its percentage says something: many backends tell 0 until they tell 100, and others stand still
    at 99. Of those no more is known than the time.
    """
    return video.state == State.IN_PROGRESS and 0 < (video.progress or 0) < 99


@register.filter
def is_late(video: Video) -> bool:
    """Whether it has taken longer than nearly all such videos did."""
    return (
        video.p97_seconds is not None and (timezone.now() - since(video)).total_seconds() > video.p97_seconds
    )


@register.filter
def about(seconds: float) -> str:
    """A usual time on the clock, no more precise than it is: from 15 s to 5 s, from 5 minutes to 30 s."""
    step = 1 if seconds < 15 else 5 if seconds < 300 else 30
    return clock(step * max(1, round(seconds / step)))


@register.filter
def clock(seconds: float | None) -> str:
    """Seconds as a clock shows them, `0:04` or `1:02:03`; empty for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.simple_tag
def took(begin: datetime | None, end: datetime | None) -> str:
    """How long from `begin` to `end`, such as `0.4 s` or `3 min 5 s`; empty when either is missing."""
    if begin is None or end is None:
        return ""
    seconds = max(0.0, (end - begin).total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@register.filter
def length_asked(video: Video) -> str:
    """How long it is to be, such as `4 s`; of an extension, `+4 s, 8 s total`."""
    if video.kind == Kind.EXTEND:
        return f"+{video.seconds} s, {video.total_seconds} s total"
    return f"{video.seconds} s"


@register.filter
def dollars(amount: Decimal) -> str:
    return format_dollars(amount)


@register.filter
def goes_at(video: Video) -> datetime | None:
    """When a video in the trash is deleted for good; None for one that is not there."""
    return video.trashed_at and video.trashed_at + timedelta(days=settings.TRASH_RETENTION_DAYS)


@register.filter
def days_left(video: Video) -> str:
    """How long a video in the trash is still kept, in words short enough for a narrow card."""
    end = goes_at(video)
    days = (end - timezone.now()).days if end else 0
    return "Deleted today" if days < 1 else f"{days} day{'' if days == 1 else 's'} left"


@register.filter
def times(size: str) -> str:
    """`1280x720` with a real multiplication sign."""
    return size.replace("x", "\u00d7")


@register.filter
def size_name(size: str) -> str:
    """What people call a size."""
    width, height = _sides(size)
    if width == height:
        return _NAMES.get(size, "Square")
    return _NAMES.get(size, "Landscape" if width > height else "Portrait")


@dataclass(frozen=True)
class Glyph:
    """A rectangle in a box of 28 by 28."""

    x: float
    y: float
    width: float
    height: float


@register.filter
def glyph(size: str) -> Glyph:
    """The shape of a size, drawn so that all sizes weigh the same to the eye."""
    width, height = _sides(size)
    scale = min(sqrt(_GLYPH_AREA / (width * height)), 26 / max(width, height))
    w, h = round(width * scale, 1), round(height * scale, 1)
    return Glyph(round((28 - w) / 2, 1), round((28 - h) / 2, 1), w, h)


def _sides(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    return int(width), int(height)
