"""How the dashboard puts its figures into words, and where each of them leads."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from videos.backends.connection_kinds import KINDS, ConnectionKind
from videos.engine.heartbeat import SCHEDULER
from videos.formatting import format_duration
from videos.models import State
from videos.services.failure_words import describe_failure

register = template.Library()


# A label within a line is no heading, so it does not begin as one, where a language makes the difference.
_WITHIN_A_LINE = {
    State.SUBMITTING: _("submitting"),
    State.UNCERTAIN: _("checking with the backend"),
    State.IN_PROGRESS: _("in progress"),
    State.STORING: _("storing"),
}


@register.filter
def states_in_words(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the states of what is on its way, in the order of a video's life, with how many are in each."""
    return [(str(words), counts[state]) for state, words in _WITHIN_A_LINE.items() if counts[state]]


@register.filter
def reason_in_words(code: str) -> str:
    """Return what an error code means, as on the pages of backends: “Longer than the time limit”."""
    return describe_failure(code)


@register.filter
def role_in_words(role: str) -> str:
    """Return what a part of the studio is called, such as “Workers of downloads”."""
    if role == SCHEDULER:
        return gettext("Scheduler (beat)")
    return gettext("Workers of “%(queue)s”") % {"queue": role.partition(":")[2]}


@register.filter
def age_in_words(seconds: float) -> str:
    """Return so many seconds as words. Below the time in which a sign is due, they would only flicker."""
    return gettext("moments") if seconds < 15 else format_duration(int(seconds))


@register.simple_tag
def failed_videos(reason: str | None = None) -> str:
    """Return the address of the list of what failed in the last day, for this reason or for any."""
    query = {"state": State.FAILED.value, "ended": "day"}
    if reason:
        query["reason"] = reason
    return f"{reverse('admin:videos_video_changelist')}?{urlencode(query)}"


@register.simple_tag
def connectable_services() -> Iterable[ConnectionKind]:
    """Return the kinds of services that can be connected, as the Connect page has them."""
    return KINDS.values()
