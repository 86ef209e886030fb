from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0007_backend_key_env")]
    operations = [
        migrations.AddField(
            model_name='videomodel',
            name='backends',
            field=models.ManyToManyField(blank=True, help_text='Those that know it by this name. Without one it is not offered.', related_name='models', to='videos.backend'),
        ),
    ]
