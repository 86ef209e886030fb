from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0055_webhooks'),
    ]

    operations = [
        migrations.AddField(
            model_name='backend',
            name='charges_failures',
            field=models.BooleanField(default=False, help_text='It charges also for jobs that it accepted and that failed. Most do not, and then nothing is spent on them.', verbose_name='charges for failures'),
        ),
        migrations.AddField(
            model_name='backend',
            name='costs_nothing',
            field=models.BooleanField(default=False, help_text='Videos made here cost nothing, whatever the catalogue says: a server of your own. They use up no budget.', verbose_name='free of charge'),
        ),
    ]
