import contentgen.monitoring.log_context
import contentgen.monitoring.tracing
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('videos', '0112_heartbeat_holder'),
    ]

    operations = [
        migrations.AddField(
            model_name='video',
            name='request_id',
            field=models.CharField(blank=True, db_default='', default=contentgen.monitoring.log_context.current_request_id, editable=False, help_text='Of the HTTP request that asked for it; empty for a command.', max_length=64),
        ),
        migrations.AddField(
            model_name='video',
            name='traceparent',
            field=models.CharField(blank=True, db_default='', default=contentgen.monitoring.tracing.current_traceparent, editable=False, help_text='Where its trace begins, as W3C Trace Context writes it; empty without traces.', max_length=55),
        ),
    ]
