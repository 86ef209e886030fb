"""Let the database itself refuse to change or delete a line of the ledger."""

from django.db import migrations

TABLE = "billing_ledgerline"
MESSAGE = "The ledger is append-only."

_SQLITE = """
CREATE TRIGGER billing_ledger_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{message}'); END
"""
_POSTGRESQL = """
CREATE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{message}'; END $$;
CREATE TRIGGER billing_ledger_no_change BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION billing_refuse_change();
"""


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(_SQLITE.format(verb=verb, table=TABLE, message=MESSAGE))
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL.format(table=TABLE, message=MESSAGE))


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS billing_ledger_no_{verb}")
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS billing_ledger_no_change ON {TABLE}")
        schema_editor.execute("DROP FUNCTION IF EXISTS billing_refuse_change()")


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_ledger")]
    operations = [migrations.RunPython(add, remove)]
