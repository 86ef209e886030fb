from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0098_video_transition'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['created_at'], name='video_created'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['error_code', '-id'], name='video_error'),
        ),
    ]
