import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_user_role"),
    ]

    operations = [
        migrations.CreateModel(
            name='OutgoingMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sender', models.CharField(max_length=320)),
                ('recipient', models.CharField(max_length=320)),
                ('subject', models.CharField(max_length=998)),
                ('body', models.TextField(blank=True, editable=False)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sent', 'Sent'), ('failed', 'Failed')], default='queued', editable=False, max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('error', models.CharField(blank=True, editable=False, max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, null=True)),
                ('finished_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name': 'email',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['due_at'], name='mail_due'), models.Index(fields=['finished_at'], name='mail_finished')],
            },
        ),
    ]
