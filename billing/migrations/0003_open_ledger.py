"""Open the ledger of a studio that has videos: what is known of each is written down.

A video that was accepted is a charge of the day it was accepted, one that may still be is a reservation. In
batches, each with its own commit: no table is locked for long, and a migration that is stopped goes on where
it was.
"""

from decimal import Decimal

from django.db import migrations, transaction
from django.db.models import Exists, OuterRef, Q

BATCH_SIZE = 500  # videos
TRANSITION = "ledger_opened"

_OPEN = ("queued", "submitting", "uncertain")
# Nobody knows what became of their jobs: the charge is not confirmed.
_IN_DOUBT = ("timed_out", "download_failed", "not_found", "gone", "no_file")
_FREE = Q(backend__is_simulator=True) | Q(backend__service="simulator")
_FIELDS = (
    *("pk", "public_id", "model", "backend_id", "backend__name", "owner_id", "owner__username"),
    *("owner__role", "price", "charged", "state", "error_code", "backend_job_id"),
    *("created_at", "accepted_at"),
)


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    line = apps.get_model("billing", "LedgerLine")
    known = line._base_manager.using(alias).filter(video_id=OuterRef("pk"))
    is_paid = Q(state__in=_OPEN) | ~Q(backend_job_id="") | Q(state="failed", error_code="given_up")
    videos = apps.get_model("videos", "Video")._base_manager.using(alias).filter(is_paid).exclude(_FREE)
    rows = videos.filter(~Exists(known)).order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last).values(*_FIELDS)[:BATCH_SIZE]):
        with transaction.atomic(using=alias):
            lines = [each for row in batch for each in _lines(line, row)]
            line._base_manager.using(alias).bulk_create(lines)
        last = batch[-1]["pk"]


def _lines(line, row):
    price = row["price"] or Decimal(0)
    at = row["accepted_at"] or row["created_at"]
    is_priced = row["price"] is not None
    yield _line(line, row, at, is_priced, kind="reserve", reserved=price)
    if row["state"] in _OPEN:
        return
    is_known = bool(row["backend_job_id"]) and row["error_code"] not in _IN_DOUBT
    yield _line(line, row, at, is_priced, kind="charge", reserved=-price, spent=price, confirms=is_known)
    charged = row["charged"]
    if charged is not None:
        kind = "mark" if charged == price else "adjust"
        yield _line(line, row, at, True, kind=kind, spent=charged - price, confirms=True)
    elif row["state"] == "failed" and is_known:
        yield _line(line, row, at, is_priced, kind="release", spent=-price, confirms=True)


def _line(line, row, at, is_priced, *, kind, reserved=Decimal(0), spent=Decimal(0), confirms=None):
    return line(
        at=at,
        counts_at=at,
        kind=kind,
        transition=TRANSITION,
        reserved=reserved,
        spent=spent,
        net=reserved + spent,
        confirms=confirms,
        is_priced=is_priced,
        video_id=row["pk"],
        video=row["public_id"],
        attempt=1,
        user_id=row["owner_id"],
        username=row["owner__username"],
        role=row["owner__role"],
        model=row["model"],
        backend_id=row["backend_id"],
        backend_name=row["backend__name"],
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("accounts", "0004_user_role"),
        ("billing", "0002_append_only"),
        ("videos", "0057_backend_charges"),
    ]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
