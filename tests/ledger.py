"""The ledger and the audit log in tests."""

from datetime import datetime
from typing import Any

from django.db import connection

from billing.models import Kind, LedgerLine
from billing.money import ZERO
from videos.models import Video


def charge(video: Video, at: datetime) -> None:
    """Write that the video was charged at that time: its own charge, else its price."""
    price = video.price or ZERO
    spent = price if video.charged is None else video.charged
    about: dict[str, Any] = {
        "at": at,
        "counts_at": at,
        "transition": "test",
        "is_priced": video.price is not None,
        "video_id": video.pk,
        "video": video.public_id,
        "attempt": 1,
        "user_id": video.owner_id,
        "username": video.owner.username,
        "role": video.owner.role,
        "model": video.model,
        "backend_id": video.backend_id,
        "backend_name": video.backend.name,
    }
    reserved = LedgerLine(kind=Kind.RESERVE, reserved=price, net=price, **about)
    charged = LedgerLine(kind=Kind.CHARGE, reserved=-price, spent=spent, net=spent - price, **about)
    LedgerLine.objects.bulk_create([reserved, charged])


def allow_emptying() -> None:
    """Let the tables be emptied after a test with real transactions, those two as well.

    PostgreSQL truncates them; SQLite deletes rows, which a studio's triggers refuse.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS billing_ledger_no_DELETE")
            cursor.execute("DROP TRIGGER IF EXISTS audit_entry_no_delete")


def spoil(column: str, video_id: int) -> None:
    """Add a cent to `column` (and to the sum) of the video's newest line, which the database refuses else."""
    table = "billing_ledgerline"
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        name = "billing_ledger_no_UPDATE" if is_sqlite else f"billing_ledger_no_change ON {table}"
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(
            f"UPDATE {table} SET {column} = {column} + 10000, net = net + 10000"  # noqa: S608
            f" WHERE id = (SELECT MAX(id) FROM {table} WHERE video_id = %s)",
            [video_id],
        )
