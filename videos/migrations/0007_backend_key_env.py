import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0006_backend_capabilities")]
    operations = [
        migrations.AlterField(
            model_name='backend',
            name='key_env',
            field=models.CharField(blank=True, help_text='The name of the environment variable that holds the key, never the key itself. Empty: the server wants none.', max_length=100, validators=[django.core.validators.RegexValidator('\\A[A-Za-z_][A-Za-z0-9_]*\\Z', 'Give the name of an environment variable, such as VIDEO_KEY, never the key itself.')], verbose_name='variable with the key'),
        ),
    ]
