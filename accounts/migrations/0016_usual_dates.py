from django.db import migrations


def follow_language(apps, schema_editor):
    """What was the usual style is that of English. Who chose nothing else follows their language from now on.

    A person who chose it keeps it as long as they read English, which is all that there was. People are few.
    """
    apps.get_model("accounts", "User").objects.filter(date_style="en-gb").update(date_style="")


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0015_language"),
    ]

    operations = [migrations.RunPython(follow_language, migrations.RunPython.noop, elidable=True)]
