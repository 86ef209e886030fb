from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0004_experience_index")]
    operations = [
        migrations.AlterModelOptions(
            name='backend',
            options={'ordering': ['position', 'pk']},
        ),
        migrations.AddField(
            model_name='backend',
            name='enabled',
            field=models.BooleanField(default=True, help_text='Takes new videos. What it has accepted is followed to its end either way.'),
        ),
        migrations.AddField(
            model_name='backend',
            name='from_environment',
            field=models.BooleanField(default=False, editable=False, help_text='Made because OPENAI_BASE_URL named it, and used while it does.'),
        ),
        migrations.AddField(
            model_name='backend',
            name='position',
            field=models.PositiveIntegerField(default=0, help_text='Where several serve a model, a new video goes to the one with the lowest.'),
        ),
    ]
