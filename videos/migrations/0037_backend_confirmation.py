import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0035_read_pauses")]

    operations = [
        migrations.AddField(
            model_name="backend",
            name="key_confirmed_for",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="The variable and the address that a superuser confirmed: the key goes nowhere else.",
                max_length=700,
            ),
        ),
        migrations.AddField(
            model_name="backend",
            name="in_private_network",
            field=models.BooleanField(
                blank=True,
                help_text="Yes: it, and the files that it names, may be at private addresses. No: it must be on the internet and may name nothing else. Unknown: the first probe finds out.",
                null=True,
                verbose_name="inside a private network",
            ),
        ),
        migrations.AlterField(
            model_name="backend",
            name="key_env",
            field=models.CharField(
                blank=True,
                help_text="The name of the environment variable that holds the key, never the key itself. Empty: the server wants none.",
                max_length=100,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A[A-Za-z_][A-Za-z0-9_]*\\Z",
                        "Give the name of an environment variable, such as BACKEND_KEY_BOX, never the key itself.",
                    )
                ],
                verbose_name="variable with the key",
            ),
        ),
    ]
