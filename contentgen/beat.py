"""Celery's beat, of which any number may run: the one that leads sends the ticks, and the others wait.

Packages that do this keep the schedule in Redis (celery-redbeat) or in tables (django-celery-beat, whose
copies all send). Ours stands in the code and nothing of it must be kept, so one lease is all that it takes.
"""

import logging
from typing import Any

from celery.beat import Scheduler
from django.db import Error, connection

from contentgen.activity import count_wakings
from videos.engine import heartbeat
from videos.engine.leadership import ASK_EVERY, Leadership

logger = logging.getLogger(__name__)

LONGEST_SLEEP = 1.0  # seconds until work that has come is seen


class LeaderScheduler(Scheduler):
    """Sends what is due while this process holds the lease of `beat`, which it lets go of when it ends.

    Keeps nothing on disk: all intervals are short, and a kill could leave a broken file behind.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._leadership = Leadership(heartbeat.BEAT)
        self._is_leader: bool | None = None  # not known yet
        self._is_closed = False
        self._wakings = 0
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send at most one task. Return seconds until the next call. Raises `SystemExit` after `close`."""
        if self._is_closed:
            raise SystemExit
        self._note(self._asks())
        if not self._is_leader:
            return ASK_EVERY
        self._wake_up()
        seconds: float = super().tick(*args, **kwargs)
        return min(seconds, LONGEST_SLEEP)

    def close(self) -> None:
        """Let go of lease and broker, the second time: Celery calls it in its handler of SIGTERM first.

        A handler must not use or close a connection whose query or message it interrupts: the one could wait
        for ever, and Celery would take what becomes of the other for a message that failed, and go on.
        """
        if not self._is_closed:
            self._is_closed = True
            return
        self._release()
        super().close()

    def _release(self) -> None:
        try:
            self._leadership.release()
        except Error as error:
            logger.warning("Another beat takes over once this one's lease has run out: %s", error)

    def _asks(self) -> bool:
        try:
            return self._leadership.is_held()
        except Error as error:
            logger.warning("Whether this beat leads is not known, so it sends nothing: %s", error)
            connection.close()  # which the next attempt opens again
            return False

    def _wake_up(self) -> None:
        """Ask each tick anew whether it is due, once there is work after all was quiet."""
        before, self._wakings = self._wakings, count_wakings()
        if self._wakings != before:
            self._heap = None

    def _note(self, is_leader: bool) -> None:
        if is_leader != self._is_leader:
            logger.info("This beat leads" if is_leader else "This beat waits: another one leads")
            self._is_leader = is_leader
            self._heap = None  # what was due meanwhile was done by another
