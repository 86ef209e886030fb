"""The ledger in tests."""

from django.db import connection


def allow_emptying() -> None:
    """Let the tables be emptied after a test with real transactions, the ledger's too.

    PostgreSQL truncates them; SQLite deletes rows, which a studio's trigger refuses.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS billing_ledger_no_DELETE")
