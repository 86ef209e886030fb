import billing.money
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_api_token_verbose_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('kind', models.CharField(choices=[('reserve', 'Reserved'), ('charge', 'Charged'), ('adjust', 'Adjusted'), ('release', 'Released'), ('mark', 'Marked')], max_length=10)),
                ('transition', models.CharField(help_text='What the video went through.', max_length=40)),
                ('reserved', billing.money.MoneyField(default=Decimal('0'))),
                ('spent', billing.money.MoneyField(default=Decimal('0'))),
                ('net', billing.money.MoneyField(default=Decimal('0'))),
                ('confirms', models.BooleanField(help_text='Whether the charge is known to be real from here on; empty: as before.', null=True)),
                ('is_priced', models.BooleanField(default=True, help_text='No: nobody knew the price when the amount was reserved.')),
                ('video_id', models.BigIntegerField()),
                ('video', models.CharField(help_text='Its public id.', max_length=64)),
                ('attempt', models.PositiveIntegerField(help_text="Which of the video's paid submissions, from 1.")),
                ('counts_at', models.DateTimeField(help_text='When the submission was reserved: the period of the budgets that it uses up.')),
                ('user_id', models.BigIntegerField()),
                ('username', models.CharField(max_length=150)),
                ('role', models.CharField(max_length=40)),
                ('token_id', models.BigIntegerField(null=True)),
                ('token_name', models.CharField(blank=True, max_length=100)),
                ('model', models.CharField(max_length=100)),
                ('backend_id', models.BigIntegerField()),
                ('backend_name', models.CharField(max_length=100)),
                ('budgets', models.JSONField(default=list, help_text='The budgets that it was measured by.')),
                ('note', models.CharField(blank=True, help_text='Why, where a person decided it.', max_length=500)),
                ('decided_by', models.CharField(blank=True, max_length=150)),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['video_id'], name='ledger_video'), models.Index(fields=['user_id', 'counts_at', 'net'], name='ledger_user_budget'), models.Index(fields=['role', 'counts_at', 'net'], name='ledger_role_budget'), models.Index(condition=models.Q(('token_id__isnull', False)), fields=['token_id', 'counts_at', 'net'], name='ledger_token_budget'), models.Index(fields=['counts_at', 'net'], name='ledger_studio_budget'), models.Index(fields=['at'], name='ledger_at'), models.Index(fields=['user_id', 'at'], name='ledger_user_at')],
                'constraints': [models.CheckConstraint(condition=models.Q(('net', django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('spent')))), name='net_is_the_sum'), models.UniqueConstraint(condition=models.Q(('kind', 'reserve')), fields=('video_id', 'attempt'), name='one_reservation_per_attempt'), models.UniqueConstraint(condition=models.Q(('kind', 'charge')), fields=('video_id', 'attempt'), name='one_charge_per_attempt')],
            },
        ),
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('studio', 'Studio'), ('role', 'Role'), ('user', 'Person'), ('token', 'API token')], max_length=10)),
                ('role', models.CharField(blank=True, max_length=40)),
                ('period', models.CharField(choices=[('day', 'day'), ('week', 'week'), ('month', 'month'), ('total', 'in all')], max_length=10)),
                ('amount', billing.money.MoneyField()),
                ('is_soft', models.BooleanField(default=False, help_text='Warns, and refuses nothing.', verbose_name='soft')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('token', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='budgets', to='accounts.apitoken')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='budgets', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('token', None), ('user', None)), fields=('scope', 'role', 'period'), name='one_budget_per_role'), models.UniqueConstraint(condition=models.Q(('user__isnull', False)), fields=('user', 'period'), name='one_budget_per_user'), models.UniqueConstraint(condition=models.Q(('token__isnull', False)), fields=('token', 'period'), name='one_budget_per_token')],
            },
        ),
    ]
