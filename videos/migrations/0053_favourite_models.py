from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('videos', '0052_model_facts'),
    ]

    operations = [
        migrations.AddField(
            model_name='videomodel',
            name='favourite_of',
            field=models.ManyToManyField(blank=True, editable=False, related_name='favourite_models', to=settings.AUTH_USER_MODEL),
        ),
    ]
