import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0054_prices_and_stand_ins'),
    ]

    operations = [
        migrations.AddField(
            model_name='backend',
            name='webhook_secret_env',
            field=models.CharField(blank=True, help_text='The name of the environment variable that holds the secret with which the service signs its webhooks, never the secret itself. Empty: no signed webhooks are taken.', max_length=100, validators=[django.core.validators.RegexValidator('\\A[A-Za-z_][A-Za-z0-9_]*\\Z', 'Give the name of an environment variable, such as BACKEND_KEY_HOOKS, never the secret.')], verbose_name='variable with the webhook secret'),
        ),
        migrations.CreateModel(
            name='WebhookReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(help_text='SHA-256 of what tells it from every other one.', max_length=64)),
                ('received_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('backend', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhook_receipts', to='videos.backend')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('backend', 'digest'), name='one_receipt_per_webhook')],
            },
        ),
    ]
