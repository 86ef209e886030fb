"""How many requests a backend may be sent right now: a token bucket in its row, shared by all workers."""

from datetime import datetime

from django.db import transaction

from videos.models import Backend

BURST = 5.0  # seconds' worth of requests that may be made at once


def acquire(backend_id: int, wanted: int, *, now: datetime) -> int:
    """Take up to `wanted` requests from the backend's allowance and return how many may be made.

    A backend without `requests_per_minute` allows everything. What is not granted now grows back with time.
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


def _allowance(backend: Backend, now: datetime) -> float:
    """Grows evenly, up to a burst; always enough for one request in the end, however low the limit."""
    per_second = (backend.requests_per_minute or 0) / 60
    most = max(1.0, per_second * BURST)
    if backend.request_allowance_at is None:
        return most
    elapsed = max(0.0, (now - backend.request_allowance_at).total_seconds())
    return min(most, backend.request_allowance + elapsed * per_second)
