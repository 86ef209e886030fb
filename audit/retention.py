"""Removing entries that are old enough, and saying how many."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit.models import Entry, Removal
from audit.trail import Subject, record
from audit.vocabulary import Action, Kind

BATCH = 5_000  # entries removed in one transaction, short enough to keep nobody waiting
MIN_DAYS = 30  # no setting and no command removes what is younger


def retention_start(now: datetime | None = None) -> datetime | None:
    """Return before which moment entries are removed; None where AUDIT_RETENTION_DAYS keeps them all."""
    days: int = settings.AUDIT_RETENTION_DAYS
    return (now or timezone.now()) - timedelta(days=days) if days else None


def prune(before: datetime, *, max_batches: int | None = None) -> int:
    """Remove the entries before `before`, and write down that and how many. Returns their number.

    `max_batches` ends it early, for a tick that goes on the next time. Raises `ValueError` for a moment less
    than `MIN_DAYS` ago.
    """
    if before > timezone.now() - timedelta(days=MIN_DAYS):
        raise ValueError(f"Entries of the last {MIN_DAYS} days are kept.")
    removed = batches = 0
    while max_batches is None or batches < max_batches:
        count = _remove_batch(before)
        removed, batches = removed + count, batches + 1
        if count < BATCH:
            break
    return removed


def prune_due() -> int:
    """Remove what AUDIT_RETENTION_DAYS no longer keeps, as a tick does. Returns how many entries went."""
    before = retention_start()
    return prune(before, max_batches=20) if before else 0


@transaction.atomic
def _remove_batch(before: datetime) -> int:
    """Remove a batch of entries and record it. The triggers let it, as long as a `Removal` says so."""
    pks = list(Entry.objects.filter(at__lt=before).order_by("at", "pk").values_list("pk", flat=True)[:BATCH])
    if not pks:
        return 0
    permit = Removal.objects.create(before=before)
    removed = _delete(pks)
    permit.delete()
    note = f"{removed} entries from before {before:%Y-%m-%d %H:%M} UTC."
    record(Action.REMOVED, Subject(Kind.AUDIT), note=note)
    return removed


def _delete(pks: list[int]) -> int:
    """Delete past the model's own refusal. The keys are numbers of ours."""
    table, numbers = connection.ops.quote_name(Entry._meta.db_table), ", ".join(map(str, pks))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE id IN ({numbers})")  # noqa: S608
        return int(cursor.rowcount)
