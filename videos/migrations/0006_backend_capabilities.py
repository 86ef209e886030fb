from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0005_backend_choice")]
    operations = [
        migrations.AddField(
            model_name='backend',
            name='can_characters',
            field=models.BooleanField(blank=True, null=True, verbose_name='has characters'),
        ),
        migrations.AddField(
            model_name='backend',
            name='can_delete',
            field=models.BooleanField(blank=True, null=True, verbose_name='deletes jobs'),
        ),
        migrations.AddField(
            model_name='backend',
            name='can_edit',
            field=models.BooleanField(blank=True, null=True, verbose_name='edits'),
        ),
        migrations.AddField(
            model_name='backend',
            name='can_extend',
            field=models.BooleanField(blank=True, null=True, verbose_name='extends'),
        ),
        migrations.AddField(
            model_name='backend',
            name='can_list',
            field=models.BooleanField(blank=True, null=True, verbose_name='lists its jobs'),
        ),
        migrations.AddField(
            model_name='backend',
            name='can_remix',
            field=models.BooleanField(blank=True, null=True, verbose_name='remixes'),
        ),
        migrations.AddField(
            model_name='backend',
            name='probed_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='backend',
            name='sends_json',
            field=models.BooleanField(default=False, help_text='For servers that take no multipart form, such as NVIDIA Dynamo.', verbose_name='is sent JSON'),
        ),
        migrations.AddField(
            model_name='backend',
            name='takes_reference',
            field=models.BooleanField(blank=True, null=True, verbose_name='takes a reference image'),
        ),
    ]
