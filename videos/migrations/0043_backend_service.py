from django.db import migrations, models

import videos.models.backend


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0042_hops'),
    ]

    operations = [
        migrations.AddField(
            model_name='backend',
            name='service',
            field=models.CharField(choices=videos.models.backend.service_choices, default='videos-api', help_text='Which kind of service this is: how it is spoken to.', max_length=40),
        ),
        migrations.AlterField(
            model_name='backend',
            name='base_url',
            field=models.CharField(blank=True, help_text="Ends in the API's version, mostly /v1. Empty for the simulator, whose address may change.", max_length=500, verbose_name='base URL'),
        ),
    ]
