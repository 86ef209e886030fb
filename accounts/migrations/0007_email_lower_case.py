from django.db import migrations
from django.db.models.functions import Lower


def lower(apps, schema_editor):
    """People sign in by their address however they write it, so it is kept in one way."""
    apps.get_model("accounts", "User").objects.exclude(email="").update(email=Lower("email"))


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0006_invitation"),
    ]

    operations = [migrations.RunPython(lower, migrations.RunPython.noop, elidable=True)]
