from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("videos", "0010_fill_backends")]
    operations = [
        migrations.AlterField(
            model_name='backend',
            name='name',
            field=models.CharField(max_length=100, unique=True),
        ),
        migrations.AddConstraint(
            model_name='backend',
            constraint=models.UniqueConstraint(condition=models.Q(('from_environment', True)), fields=('base_url',), name='one_backend_per_environment'),
        ),
    ]
