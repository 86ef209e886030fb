from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0051_connection_drafts'),
    ]

    operations = [
        migrations.AddField(
            model_name='videomodel',
            name='has_sound',
            field=models.BooleanField(blank=True, help_text='Shown where a model is chosen.', null=True, verbose_name='videos have sound'),
        ),
        migrations.AddField(
            model_name='videomodel',
            name='studio_favourite',
            field=models.BooleanField(default=False, help_text='Among the first where somebody chooses from many models.'),
        ),
    ]
