"""Bringing in lines that another ledger had. What they say has happened; nobody is charged by it."""

from collections.abc import Sequence

from django.db import connection

from billing.models import LedgerLine

_BATCH_SIZE = 500  # lines in one INSERT


def restore(lines: Sequence[LedgerLine]) -> None:
    """Add the lines as they are. No budget is asked, and nobody is told. Raises `IntegrityError` for a second
    reservation or charge of an attempt.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A line of the ledger is written in the transaction of what it is about.")
    LedgerLine.objects.bulk_create(lines, batch_size=_BATCH_SIZE)
