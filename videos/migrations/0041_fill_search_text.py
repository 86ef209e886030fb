"""Fill the column that searches read, for the rows that were there before it.

In batches, each with its own commit: a large table is not locked for long, and a migration that is stopped
goes on where it was.
"""

from django.db import migrations, transaction

from videos.models.search_text import folded_text

BATCH_SIZE = 500  # rows
SOURCES = {
    "Character": ("name",),
    "PromptTemplate": ("title", "category", "prompt"),
    "ReferenceImage": ("name",),
    "Video": ("prompt",),
}


def fill(apps, schema_editor):
    for name, sources in SOURCES.items():
        model = apps.get_model("videos", name)
        rows = model._base_manager.using(schema_editor.connection.alias).filter(search_text="").order_by("pk")
        last = 0
        while batch := list(rows.filter(pk__gt=last).values_list("pk", *sources)[:BATCH_SIZE]):
            _write(schema_editor.connection, model, [(folded_text(*texts), pk) for pk, *texts in batch])
            last = batch[-1][0]


def _write(connection, model, rows):
    """One prepared statement for all rows: of an UPDATE with hundreds of CASEs, parsing takes longest."""
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(model._meta.pk.column)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {quote('search_text')} = %s WHERE {key} = %s", rows)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("videos", "0040_search_text")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
