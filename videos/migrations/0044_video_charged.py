from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0043_backend_service'),
    ]

    operations = [
        migrations.AddField(
            model_name='video',
            name='charged',
            field=models.DecimalField(blank=True, decimal_places=6, editable=False, help_text='US dollars that the backend says it charged for the job; empty when it does not say.', max_digits=14, null=True),
        ),
    ]
