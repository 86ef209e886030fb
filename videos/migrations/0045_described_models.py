import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0044_video_charged'),
    ]

    operations = [
        migrations.AddField(
            model_name='videomodel',
            name='takes_reference',
            field=models.BooleanField(blank=True, help_text='Unknown: as its backend does.', null=True, verbose_name='takes a reference image'),
        ),
        migrations.AddField(
            model_name='videomodel',
            name='described_by',
            field=models.ForeignKey(blank=True, editable=False, help_text='The backend whose catalogue describes it; empty when it was described by hand.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='described_models', to='videos.backend'),
        ),
        migrations.AddField(
            model_name='videomodel',
            name='description_used',
            field=models.JSONField(default=dict, editable=False, help_text='What that catalogue said, field by field. A field with another value was set by hand.'),
        ),
    ]
