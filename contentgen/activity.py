"""Whether there is anything to do: where there is not, ticks come seldom, and an idle studio costs little.

Rooms tell it without being known here: each registers what says whether it has work.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from celery.schedules import schedstate, schedule
from django.db import DatabaseError, close_old_connections

logger = logging.getLogger(__name__)

ASK_EVERY = 0.9  # seconds for which an answer counts, for the ticks that are due at once
_has_work: list[Callable[[], bool]] = []
_last: tuple[float, bool] = (-ASK_EVERY, False)  # when it was asked, and whether all was quiet
_wakings = 0  # how often there was work after all had been quiet


def register_work(has_work: Callable[[], bool]) -> None:
    """Have `is_quiet` ask `has_work`: one cheap query. Called in an AppConfig's `ready`."""
    _has_work.append(has_work)


def is_quiet() -> bool:
    """Return whether no room has work. Doubt, as while the database is away, counts as work."""
    global _last, _wakings  # one studio, one answer
    if time.monotonic() - _last[0] >= ASK_EVERY:
        was_quiet = _last[1]
        _last = time.monotonic(), not _is_anything_to_do()
        _wakings += was_quiet and not _last[1]
    return _last[1]


def count_wakings() -> int:
    """Ask now, and return how often work has come after all was quiet."""
    is_quiet()
    return _wakings


def _is_anything_to_do() -> bool:
    close_old_connections()  # beat has no requests that would
    try:
        return any(has_work() for has_work in _has_work)
    except DatabaseError as error:
        logger.debug("Nobody knows whether there is work: %s", error)
        return True


class Tick(schedule):
    """Due every so many seconds, and while all is quiet only every `quiet` seconds.

    Whoever waits for it asks `count_wakings` meanwhile, and then asks anew whether it is due.
    """

    def __init__(self, every: float, *, quiet: float) -> None:
        super().__init__(timedelta(seconds=every))
        self._quiet = timedelta(seconds=quiet)

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Return whether it is due, and in how many seconds to ask again."""
        state = super().is_due(last_run_at)
        age = self.maybe_make_aware(self.now()) - self.maybe_make_aware(last_run_at)
        if state.is_due and age < self._quiet and is_quiet():
            return schedstate(is_due=False, next=(self._quiet - age).total_seconds())
        return state
