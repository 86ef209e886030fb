"""Of several processes that could do the same work, one does: whoever holds the lease in the database.

The lease is a row of `Heartbeat`, so that it is the leader's sign of life too. It runs by the clock of the
database, and a leader believes in it for `RENEW_EVERY` seconds only: one that was suspended, or whose machine
slept, asks again before it does anything. An advisory lock of PostgreSQL would be held for as long as a
connection is, also by a process that hangs, and SQLite has none.
"""

import os
import socket
import time
import uuid
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Now

from videos.models import Heartbeat

LEASE = 12.0  # seconds without a renewal after which another process takes over
RENEW_EVERY = 4.0  # seconds; a renewal may be late by twice as much
ASK_EVERY = 2.0  # seconds between two attempts of a process that waits
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# Unlike `time.monotonic` on Linux, this one goes on while the machine sleeps.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Leadership:
    """This process's claim to be the only one with `role`. Raises what the database raises."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._token = uuid.uuid4()
        self._believed_until = float("-inf")

    def is_held(self) -> bool:
        """Whether this process leads now, after renewing or taking the lease where that is due."""
        asked_at = time.clock_gettime(_CLOCK)
        if asked_at < self._believed_until:
            return True
        is_held = self._renew()
        self._believed_until = asked_at + RENEW_EVERY if is_held else float("-inf")
        return is_held

    def release(self) -> None:
        """Let another process take over at once, if this one leads."""
        self._believed_until = float("-inf")
        Heartbeat.objects.filter(role=self._role, holder=self._token).update(holder=None)

    def _renew(self) -> bool:
        """Take or extend the lease in one compare-and-set."""
        free = Q(holder=self._token) | Q(holder=None) | Q(beat_at__lt=Now() - timedelta(seconds=LEASE))
        mine = {"holder": self._token, "holder_name": _process_name(), "beat_at": Now()}
        rows = Heartbeat.objects.filter(role=self._role)
        if rows.filter(free).update(**mine):
            return True
        if rows.exists():
            return False
        Heartbeat.objects.bulk_create([Heartbeat(role=self._role, beat_at=_NEVER)], ignore_conflicts=True)
        return bool(rows.filter(free).update(**mine))


def leader_of(role: str) -> tuple[str, float] | None:
    """Return the name of the process that has `role`, and the seconds since its last sign of life.

    None where there never was one, or none has the lease any more.
    """
    held = Heartbeat.objects.filter(role=role).exclude(holder=None)
    row = held.annotate(seen=Now() - F("beat_at")).values_list("holder_name", "seen").first()
    if row is None:
        return None
    name, seen = row
    return (name, seen.total_seconds()) if seen.total_seconds() < LEASE else None


def _process_name() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"[:200]
