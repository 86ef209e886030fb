import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

STATES = [('queued', 'Queued'), ('submitting', 'Submitting'), ('uncertain', 'Checking with the backend'), ('in_progress', 'In progress'), ('storing', 'Storing'), ('completed', 'Completed'), ('failed', 'Failed'), ('canceled', 'Canceled')]


class Migration(migrations.Migration):

    dependencies = [
        ("videos", "0095_queue"),
    ]

    operations = [
        migrations.CreateModel(
            name='VideoTransition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('old', models.CharField(blank=True, choices=STATES, help_text='Empty: it was created.', max_length=20)),
                ('new', models.CharField(choices=STATES, max_length=20)),
                ('error_code', models.CharField(blank=True, help_text='The reason, where there is one.', max_length=100)),
                ('door', models.CharField(choices=[('page', 'Page'), ('rest', 'REST API'), ('v1', '/v1'), ('admin', 'Administration'), ('command', 'Command'), ('system', 'The studio itself')], max_length=10)),
                ('user_id', models.BigIntegerField(null=True)),
                ('username', models.CharField(blank=True, max_length=150)),
                ('token_id', models.BigIntegerField(null=True)),
                ('token_name', models.CharField(blank=True, max_length=100)),
                ('task', models.CharField(blank=True, help_text='The part of the engine that did it.', max_length=60)),
                ('worker', models.CharField(blank=True, help_text='The worker that it ran in.', max_length=100)),
                ('video', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transitions', to='videos.video')),
            ],
            options={
                'ordering': ['pk'],
                'default_permissions': (),
            },
        ),
    ]
