"""The dates above the cards of a list that is in the order of time."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext

from videos.models import Video

Moment = Callable[[Video], datetime]


def set_date_headings(videos: Iterable[Video], moment: Moment, after: Video | None = None) -> None:
    """Set `date_heading` of each video that is the first of its date in the list, in the active time zone.

    `after` is the video that the list goes on from: what is of the same date as that has no heading again.
    """
    now = timezone.now()
    before = date_heading(moment(after), now) if after else ""
    for video in videos:
        heading = date_heading(moment(video), now)
        video.date_heading = "" if heading == before else heading
        before = heading


def date_heading(moment: datetime, now: datetime) -> str:
    """Return the date in words, the less exactly the longer ago it is: Today, Monday, March, May 2024."""
    day, today = timezone.localdate(moment), timezone.localdate(now)
    if day >= today:
        return gettext("Today")
    if day == today - timedelta(days=1):
        return gettext("Yesterday")
    if day > today - timedelta(days=7):
        return format_date(day, "l")
    return format_date(day, "F" if day.year == today.year else "F Y")
