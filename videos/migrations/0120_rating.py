import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0123_prompt_help'),
    ]

    operations = [
        migrations.AddField(
            model_name='video',
            name='rating',
            field=models.PositiveSmallIntegerField(blank=True, editable=False, help_text='From 1 to 5, as its owner judged it; empty for one that is not rated.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)]),
        ),
        migrations.AddField(
            model_name='video',
            name='chosen_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='When it was chosen among its takes: the latest stands for all of them.', null=True),
        ),
    ]
