from django.db import migrations

# As `videos.models.backend.SIMULATED` was when this was written.
CAPABILITIES = (
    "can_list", "can_delete", "can_remix", "can_edit", "can_extend", "can_characters", "takes_reference"
)


def fill(apps, schema_editor):
    backends = apps.get_model("videos", "Backend").objects.filter(is_simulator=True)
    backends.update(**dict.fromkeys(CAPABILITIES, True))


class Migration(migrations.Migration):
    dependencies = [("videos", "0012_derivation")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
