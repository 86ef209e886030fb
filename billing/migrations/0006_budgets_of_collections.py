"""Budgets of collections, and what lines of the ledger need to count for them.

On SQLite a table that gets a column is written anew, without its triggers: those that refuse to change the
ledger are put back.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

append_only = import_module("billing.migrations.0002_append_only")


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_discrepancy"), ("videos", "0060_collections")]

    operations = [
        migrations.RunPython(append_only.remove, append_only.add),
        migrations.RemoveConstraint(model_name="budget", name="one_budget_per_role"),
        migrations.AddField(
            model_name="budget",
            name="collection",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="budgets",
                to="videos.collection",
            ),
        ),
        migrations.AlterField(
            model_name="budget",
            name="scope",
            field=models.CharField(
                choices=[
                    ("studio", "Studio"),
                    ("role", "Role"),
                    ("user", "Person"),
                    ("token", "API token"),
                    ("collection", "Collection"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("collection", None), ("token", None), ("user", None)),
                fields=("scope", "role", "period"),
                name="one_budget_per_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("collection__isnull", False)),
                fields=("collection", "period"),
                name="one_budget_per_collection",
            ),
        ),
        migrations.AddField(
            model_name="ledgerline",
            name="collection_id",
            field=models.BigIntegerField(help_text="The collection that it was asked for in.", null=True),
        ),
        migrations.AddField(
            model_name="ledgerline",
            name="collection_name",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddIndex(
            model_name="ledgerline",
            index=models.Index(
                condition=models.Q(("collection_id__isnull", False)),
                fields=["collection_id", "counts_at", "net"],
                name="ledger_collection_budget",
            ),
        ),
        migrations.RunPython(append_only.add, append_only.remove),
    ]
