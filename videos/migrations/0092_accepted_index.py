from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0083_deleted_request_owner'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('accepted_at__isnull', False)), fields=['accepted_at', 'owner'], name='video_accepted'),
        ),
    ]
