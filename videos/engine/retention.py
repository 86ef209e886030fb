"""Moving old videos to the trash: first their owners are told, and only what was told of moves.

`Video.retention_due_at` is when a video moves. It is set by `announce`, never sooner than
RETENTION_WARNING_DAYS ahead: so a rule that is switched on, a longer absence or a link that ends gives
everybody as long as that. `move_due` looks at the rules once more, under the lock of the row.

`Video.purge_due_at` is when it is deleted for good after that, where a collection says so. It is announced
with the move, and can only become later by it.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Min
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit.trail import record
from audit.vocabulary import Action
from contentgen.events import Event, EventKind, publish
from contentgen.stored_texts import sentence
from videos import subjects
from videos.engine import safe_cache
from videos.engine.retention_rules import Ageing, find_ageing, not_exempt, shortest_days, warning
from videos.formatting import count_of
from videos.models import NoticeKind, StorageNotice, Video
from videos.models.keyset import KeysetOrder, Position
from videos.models.video_queries import VideoQuerySet

logger = logging.getLogger(__name__)

WINDOW = 500  # videos that are looked at in one go
MAX_MOVED = 300  # videos that move in one run: after whatever mistake, most of them are still there
RUN_SECONDS = 8.0  # for which one run looks for more
_TELL_EVERY = timedelta(days=1)
_TELL_ON = timedelta(minutes=30)  # after which what is found later waits for the next day
_PLACE = "retention-place"
_TIME_OVER = sentence(gettext_noop("Its time was over: %(duration)s after it was finished."))
# In the order of the team's library, for which there is an index. Nothing ages sooner than it finished.
_FINISHED = Coalesce("finished_at", "created_at")
_OLDEST_FIRST = KeysetOrder(_FINISHED, descending=False)


def announce() -> int:
    """Say of the videos whose time comes when they move, and tell their owners. Returns how many are new."""
    days, now = shortest_days(), timezone.now()
    if days is None:
        _call_off()
        return 0
    horizon, until, found = now + warning() + _TELL_EVERY, time.monotonic() + RUN_SECONDS, 0
    while time.monotonic() < until:
        window = _next_window(horizon - timedelta(days=days))
        due = [each for each in find_ageing(not_exempt(_by_age(window))) if each.at <= horizon]
        found += _announce_all(due, now)
        if len(window) < WINDOW:
            break
    return found


def _call_off() -> None:
    """Have videos stay that were announced to move: no rule says so any more. The next run goes on."""
    announced = Video.objects.filter(retention_due_at__isnull=False).values_list("pk", flat=True)
    until = time.monotonic() + RUN_SECONDS
    while (keys := list(announced[:WINDOW])) and time.monotonic() < until:
        Video.objects.filter(pk__in=keys).update(retention_due_at=None)


def _next_window(before: datetime) -> list[int]:
    """Return the keys of the next videos that finished before that, none of which is announced.

    Those that are kept or were restored stay among them. So it is remembered where to go on, from the
    beginning in the end.
    """
    known = safe_cache.get_many([_PLACE]).get(_PLACE)
    old = finished_before(before)
    if known:
        old = _OLDEST_FIRST.after(old, Position(known[1], datetime.fromisoformat(known[0])))
    found = list(old.values_list(_FINISHED, "pk")[:WINDOW])
    place = [found[-1][0].isoformat(), found[-1][1]] if len(found) == WINDOW else None
    safe_cache.set_many({_PLACE: place}, timeout=24 * 3600.0)
    return [pk for _, pk in found]


def finished_before(moment: datetime) -> VideoQuerySet:
    """The videos that finished before that and of which nothing is announced, the oldest first."""
    rows = Video.objects.filter(trashed_at=None, deleted_at=None, retention_due_at=None)
    return _OLDEST_FIRST.sort(rows).annotate(finished=_FINISHED).filter(finished__lte=moment)


def _by_age(keys: list[int]) -> VideoQuerySet:
    return Video.objects.filter(pk__in=keys).only("pk", "owner_id", "retained_from", "finished_at")


def _announce_all(due: Sequence[Ageing], now: datetime) -> int:
    by_owner: dict[int, list[Ageing]] = defaultdict(list)
    for each in due:
        by_owner[each.video.owner_id].append(each)
    count = 0
    for owner_id, own in sorted(by_owner.items()):
        try:
            count += _announce_to(owner_id, own, now)
        except Exception:
            logger.exception("Person %s could not be told which videos move to the trash", owner_id)
    return count


@transaction.atomic
def _announce_to(owner_id: int, due: Sequence[Ageing], now: datetime) -> int:
    """Announce one person's videos: once a day, whatever number of them there is."""
    notice, is_new = StorageNotice.objects.get_or_create(
        user_id=owner_id, kind=NoticeKind.EXPIRING, defaults={"told_at": now}
    )
    since = now - notice.told_at
    if not is_new and _TELL_ON < since < _TELL_EVERY:
        return 0
    # By its two times: after a rule was switched on, they are the same for all.
    by_time: dict[tuple[datetime, datetime | None], list[int]] = defaultdict(list)
    for each in due:
        moves_at = max(each.at, now + warning())
        by_time[moves_at, each.purged_at(moves_at)].append(each.video.pk)
    for (moves_at, purged_at), keys in by_time.items():
        unannounced = Video.objects.filter(pk__in=keys, retention_due_at=None)
        unannounced.update(retention_due_at=moves_at, purge_due_at=purged_at, revision=F("revision") + 1)
    if since >= _TELL_EVERY or since < timedelta(0):
        StorageNotice.objects.filter(pk=notice.pk).update(told_at=now)
    expiring = Video.objects.filter(owner=owner_id, retention_due_at__isnull=False, trashed_at=None)
    told = expiring.aggregate(count=Count("pk"), first=Min("retention_due_at"), purged=Min("purge_due_at"))
    usual = told["first"] + timedelta(days=settings.TRASH_RETENTION_DAYS) if told["first"] else None
    data = {
        "path": reverse("videos:expiring"),
        "count": told["count"],
        "first": told["first"].isoformat() if told["first"] else "",
        "first_deleted": min(told["purged"] or usual, usual).isoformat() if usual else "",
    }
    publish(Event(EventKind.RETENTION_DUE, owner_id, "expiring", data))
    return len(due)


def move_due() -> int:
    """Move the videos to the trash whose time has come, those that are due for longest first.

    One that fails goes to the back of the queue. Returns how many moved.
    """
    now, moved = timezone.now(), 0
    due = Video.objects.filter(retention_due_at__lte=now).order_by("retention_due_at", "pk")
    until = time.monotonic() + RUN_SECONDS
    for pk in list(due.values_list("pk", flat=True)[:MAX_MOVED]):
        if time.monotonic() > until:
            break
        try:
            moved += _move(pk, now)
        except Exception:
            logger.exception("Video %s could not be moved to the trash", pk)
            Video.objects.filter(pk=pk).update(retention_due_at=now + timedelta(hours=1))
    return moved


def _purged_at(ageing: Ageing, now: datetime) -> datetime | None:
    """Return when what moves now is deleted for good: by its rule, and never sooner than announced."""
    usual: int = settings.TRASH_RETENTION_DAYS
    announced, moves_at = ageing.video.purge_due_at, ageing.video.retention_due_at
    announced_days = (announced - moves_at).days if announced and moves_at else usual
    days = max(ageing.trash_days or usual, announced_days)
    return None if days == usual else now + timedelta(days=days)


@transaction.atomic
def _move(pk: int, now: datetime) -> bool:
    """Move one video, if its rule still says so. What became exempt meanwhile is not due any more."""
    locked = Video.objects.select_for_update(of=("self",)).filter(pk=pk, retention_due_at__lte=now)
    if not locked.exists():
        return False
    rows = Video.objects.filter(pk=pk)
    found = next((each for each in find_ageing(not_exempt(rows)) if each.at <= now), None)
    if found is None:
        rows.update(retention_due_at=None, revision=F("revision") + 1)
        return False
    purged_at = _purged_at(found, now)
    rows.update(trashed_at=now, retention_due_at=None, purge_due_at=purged_at, revision=F("revision") + 1)
    note = _TIME_OVER % {"duration": count_of(found.days, "day")}
    record(Action.TRASHED, subjects.video(found.video), note=note)
    return True
