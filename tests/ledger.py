"""The ledger and the audit log in tests."""

from django.db import connection


def allow_emptying() -> None:
    """Let the tables be emptied after a test with real transactions, those two as well.

    PostgreSQL truncates them; SQLite deletes rows, which a studio's triggers refuse.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS billing_ledger_no_DELETE")
            cursor.execute("DROP TRIGGER IF EXISTS audit_entry_no_delete")
