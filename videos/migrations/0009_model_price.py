from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0008_model_backends")]
    operations = [
        migrations.AddField(
            model_name='videomodel',
            name='price_per_second',
            field=models.JSONField(blank=True, default=dict, help_text='US dollars for one second of video, by size; “*” is every other size: {"1280x720": "0.30", "*": "0.50"}. {} when there is no price.'),
        ),
    ]
