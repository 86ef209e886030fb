from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("videos", "0099_video_admin_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name='backend',
            name='capabilities_found',
            field=models.JSONField(default=dict, editable=False, help_text='What probes find of the capabilities that staff have set.'),
        ),
        migrations.AddField(
            model_name='backend',
            name='capabilities_set',
            field=models.JSONField(default=dict, editable=False, help_text='What staff have set, whatever a probe finds.'),
        ),
        migrations.AddField(
            model_name='backend',
            name='models_synced_at',
            field=models.DateTimeField(editable=False, help_text="When its models were last taken from its service's catalogue.", null=True),
        ),
        migrations.AddField(
            model_name='backend',
            name='pause_code',
            field=models.CharField(blank=True, default='', editable=False, help_text='The code of the error for which the engine paused it.', max_length=100),
        ),
        migrations.AddField(
            model_name='backend',
            name='paused_by',
            field=models.CharField(blank=True, default='', editable=False, help_text='Who paused it; empty where the engine did.', max_length=150),
        ),
        migrations.AddField(
            model_name='backend',
            name='paused_since',
            field=models.DateTimeField(editable=False, help_text='When the first of the pauses in a row began.', null=True),
        ),
        migrations.AddField(
            model_name='backend',
            name='probe_checks',
            field=models.JSONField(default=list, editable=False, help_text='The checks of the latest probe, as lists of fields.'),
        ),
        migrations.AddField(
            model_name='backend',
            name='probe_problem',
            field=models.TextField(blank=True, default='', editable=False, help_text='What kept the latest probe from its end.'),
        ),
        migrations.AddField(
            model_name='backend',
            name='probe_tried_at',
            field=models.DateTimeField(editable=False, help_text='When it was last probed, with or without success.', null=True),
        ),
        migrations.AddField(
            model_name='videomodel',
            name='described_at',
            field=models.DateTimeField(editable=False, help_text='When it last said so.', null=True),
        ),
        migrations.AddField(
            model_name='videomodel',
            name='kept_fields',
            field=models.JSONField(default=list, editable=False, help_text='The fields that stay as they are, whatever a catalogue says.'),
        ),
    ]
