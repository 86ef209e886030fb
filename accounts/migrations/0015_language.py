from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0014_storage_quota"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", help_text="Of pages and emails, as LANGUAGES names it. Empty: that of the browser.", max_length=10),
        ),
        migrations.AlterField(
            model_name="user",
            name="date_style",
            field=models.CharField(blank=True, choices=[(None, "As the language has it"), ("en-gb", "2 Mar 2026, 17:30 · 1,234.5"), ("en-us", "Mar 2, 2026, 5:30 PM · 1,234.5"), ("de", "02.03.2026, 17:30 · 1.234,5"), ("iso", "2026-03-02 17:30 · 1\u202f234.5")], db_default="", default="", max_length=10, verbose_name="dates and numbers"),
        ),
    ]
