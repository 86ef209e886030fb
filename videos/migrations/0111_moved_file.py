from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0110_submission_record'),
    ]

    operations = [
        migrations.CreateModel(
            name='MovedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(help_text='SHA-256 of the two places.', max_length=64)),
                ('name', models.CharField(max_length=255)),
                ('byte_count', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('move', 'name'), name='one_moved_file_per_name')],
            },
        ),
    ]
