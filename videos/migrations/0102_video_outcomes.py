from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0101_backend_facts'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('attempted_at__isnull', False), ('finished_at__isnull', False)), fields=['finished_at', 'backend', 'state', 'error_code'], name='video_outcomes'),
        ),
    ]
