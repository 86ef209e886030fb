"""How many requests a backend may be sent now: a token bucket in its row, shared by all workers."""

from datetime import datetime

from django.db import transaction

from videos.models import Backend

BURST = 5.0  # seconds; as many requests as these allow may be made at once


def acquire(backend_id: int, wanted: int, *, now: datetime) -> int:
    """Take up to `wanted` requests from the backend's allowance and return how many may be made.

    A backend without `requests_per_minute` allows all of them.
    """
    with transaction.atomic():
        backend = Backend.objects.select_for_update().get(pk=backend_id)
        if backend.requests_per_minute is None:
            return wanted
        allowance = _allowance(backend, now)
        granted = min(wanted, int(allowance))
        Backend.objects.filter(pk=backend_id).update(
            request_allowance=allowance - granted, request_allowance_at=now
        )
    return granted


def has_allowance(backend: Backend, now: datetime) -> bool:
    """Whether `backend` allows a request at `now`. Takes nothing."""
    return backend.requests_per_minute is None or int(_allowance(backend, now)) > 0


def _allowance(backend: Backend, now: datetime) -> float:
    """The requests allowed at `now`: they grow evenly up to a burst, and to at least one in the end."""
    per_second = (backend.requests_per_minute or 0) / 60
    maximum = max(1.0, per_second * BURST)
    if backend.request_allowance_at is None:
        return maximum
    elapsed = max(0.0, (now - backend.request_allowance_at).total_seconds())
    return min(maximum, backend.request_allowance + elapsed * per_second)
