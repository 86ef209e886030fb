from django.db import migrations


def confirm_what_is_in_use(apps, schema_editor):
    """Whoever added a backend before keys had to be confirmed meant its key and its address: both stay in use.

    A variable that may not hold a key (`videos/key_names.py`) is not sent for all that, and a check names it.
    """
    for backend in apps.get_model("videos", "Backend").objects.exclude(key_env=""):
        backend.key_confirmed_for = f"{backend.key_env} {backend.base_url}"
        backend.save(update_fields=["key_confirmed_for"])


class Migration(migrations.Migration):
    dependencies = [("videos", "0037_backend_confirmation")]

    operations = [migrations.RunPython(confirm_what_is_in_use, migrations.RunPython.noop)]
