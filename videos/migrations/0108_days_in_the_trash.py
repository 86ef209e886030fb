import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0107_keeping_indexes'),
    ]

    operations = [
        # The videos first: a transaction of the version before that has written one looks for its collection
        # when it commits, and would wait for this one while this one waits for it.
        migrations.AddField(
            model_name='video',
            name='purge_due_at',
            field=models.DateTimeField(blank=True, editable=False, help_text="When it is deleted for good, once a collection's rule has moved it to the trash. Empty: after TRASH_RETENTION_DAYS there.", null=True),
        ),
        migrations.AddField(
            model_name='collection',
            name='trash_days',
            field=models.PositiveIntegerField(blank=True, help_text='Before what its rule moved there is deleted for good. Empty: as everywhere in the studio.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)], verbose_name='days in the trash'),
        ),
    ]
