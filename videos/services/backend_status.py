"""How a backend stands, and where its key comes from, in words for staff. The key itself is shown nowhere."""

from django.utils import timezone
from django.utils.formats import date_format

from videos.models import Backend


def describe_status(backend: Backend) -> str:
    """Return one sentence without a full stop; the models must be prefetched or are queried."""
    if not backend.enabled:
        return "Switched off"
    if backend.staff_paused_at is not None:
        return f"Paused by staff. {backend.staff_pause_note}".strip().rstrip(".")
    if backend.paused_until is not None and backend.paused_until > timezone.now():
        until = timezone.localtime(backend.paused_until).strftime("%H:%M:%S")
        return f"Paused until {until}. {backend.pause_reason.rstrip('.')}"
    if not backend.models.all():
        return "Serves no model"
    return "Accepting jobs" if backend in Backend.objects.in_use() else "On standby"


def describe_key(backend: Backend) -> str:
    """Return whether there is a key, and what stands against sending it."""
    if backend.is_simulator or not backend.key_source:
        return "not needed"
    if backend.key_problem:
        return backend.key_problem
    if backend.stored_key:
        since = date_format(timezone.localtime(backend.key_stored_at), "j F Y")
        return f"stored encrypted since {since}"
    return f"{backend.key_env} is {'set' if backend.key else 'not set'}"
