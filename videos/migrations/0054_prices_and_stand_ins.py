from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0053_favourite_models'),
    ]

    operations = [
        migrations.AddField(
            model_name='backend',
            name='stands_in',
            field=models.BooleanField(blank=True, help_text='Yes: while a backend before it is paused, new videos of the models that both serve come here, at what this one charges. Unknown: only where neither charges anything.', null=True, verbose_name='stands in'),
        ),
        migrations.AddField(
            model_name='video',
            name='charge_problem',
            field=models.CharField(blank=True, editable=False, help_text='Why what the backend named as its charge cannot be one; empty if nothing is wrong.', max_length=200),
        ),
        migrations.AddField(
            model_name='video',
            name='price_samples',
            field=models.PositiveIntegerField(blank=True, editable=False, help_text="Charged videos that the estimate was learned from; empty for the catalogue's price.", null=True),
        ),
        migrations.AlterField(
            model_name='video',
            name='price',
            field=models.DecimalField(blank=True, decimal_places=4, editable=False, help_text='US dollars as estimated when it was requested; empty when no price was known.', max_digits=12, null=True),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('charged__isnull', False)), fields=['backend', '-id'], name='video_charges'),
        ),
    ]
