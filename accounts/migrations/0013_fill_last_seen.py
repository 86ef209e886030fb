from django.db import migrations
from django.db.models import F, Max


def fill(apps, schema_editor):
    """Take over what sessions, tokens and sign-ins tell: the latest of them. People are few, sessions too."""
    User = apps.get_model("accounts", "User")
    sessions = apps.get_model("usersessions", "UserSession").objects.values_list("user").annotate(Max("last_seen_at"))
    tokens = apps.get_model("accounts", "ApiToken").objects.exclude(last_used_at=None)
    used = tokens.order_by().values_list("user").annotate(Max("last_used_at"))
    User.objects.filter(last_seen_at=None).update(last_seen_at=F("last_login"))
    for pk, moment in [*sessions, *used]:
        known = User.objects.filter(pk=pk)
        known.filter(last_seen_at=None).update(last_seen_at=moment)
        known.filter(last_seen_at__lt=moment).update(last_seen_at=moment)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0012_last_seen"),
        ("usersessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
