from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0106_keeping'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='collection',
            index=models.Index(condition=models.Q(('retention_days__isnull', False)), fields=['retention_days'], name='collection_retention'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('retention_due_at__isnull', False)), fields=['owner', 'retention_due_at'], name='video_retention_due'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('delete_job_at', None), ('finished_at__isnull', False), ('job_deleted_at', None)), fields=['backend', 'finished_at'], name='video_job_age'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('browser_byte_count__isnull', False)), fields=['finished_at'], name='video_copies'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('copy_due_at__isnull', False)), fields=['copy_due_at'], name='video_copy_due'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('byte_count__isnull', False), ('deleted_at', None)), fields=['owner', 'byte_count', 'browser_byte_count', 'picture_bytes', 'deleted_at'], name='video_bytes'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('picture_bytes__isnull', True)), fields=['id'], name='video_unmeasured'),
        ),
    ]
