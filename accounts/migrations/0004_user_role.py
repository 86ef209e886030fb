from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0003_api_token_verbose_name"),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='role',
            field=models.CharField(choices=[('viewer', 'Viewer'), ('creator', 'Creator'), ('manager', 'Manager')], default='creator', help_text='A viewer only looks. A creator makes videos. A manager also invites people, and sees what everybody spends.', max_length=10),
        ),
    ]
