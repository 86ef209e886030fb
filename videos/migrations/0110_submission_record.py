import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0109_purge_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='SubmissionRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sent_at', models.DateTimeField()),
                ('method', models.CharField(max_length=10)),
                ('path', models.CharField(max_length=500)),
                ('request', models.TextField(help_text='Its fields. Of files the name, the type, the size and the checksum.')),
                ('byte_count', models.BigIntegerField(help_text='The size of its body.', null=True)),
                ('status', models.PositiveIntegerField(help_text='The HTTP status; empty where no answer came.', null=True)),
                ('answer', models.TextField(blank=True)),
                ('video', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='submission_records', to='videos.video')),
            ],
            options={
                'ordering': ['pk'],
                'default_permissions': (),
            },
        ),
    ]
