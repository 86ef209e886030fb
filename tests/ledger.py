"""The ledger in tests."""

from django.db import connection


def allow_emptying() -> None:
    """Let the tables be emptied after a test with real transactions, the ledger's too.

    PostgreSQL truncates them; SQLite deletes rows, which a studio's trigger refuses.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS billing_ledger_no_DELETE")


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
