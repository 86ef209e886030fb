"""What was sent to ask for a video, and what the backend answered, kept for operators.

It is written after the outcome of the submission, which nothing that goes wrong here can change: then there
is a line in the log instead of a record.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from django.db import transaction

from videos.backends.exchanges import ExchangeLog
from videos.engine import callbacks, clients
from videos.models import SubmissionRecord, Video

logger = logging.getLogger(__name__)

MAX_KEPT = 20  # of one video: a backend that is away or out of credit refuses it again and again


@contextmanager
def recording(video: Video) -> Iterator[ExchangeLog]:
    """Yield the log for the requests of one submission. What is in it after the block is kept."""
    log = ExchangeLog()
    try:
        yield log
    finally:
        try:
            _save(video, log)
        except Exception:
            logger.exception("What was sent for video %s could not be kept", video.public_id)


def _save(video: Video, log: ExchangeLog) -> None:
    if log.is_empty:
        return
    secrets = (*clients.connection_for(video.backend).secrets, callbacks.callback_url(video))
    records = [SubmissionRecord(video=video, **asdict(each)) for each in log.describe(secrets)]
    with transaction.atomic():
        SubmissionRecord.objects.bulk_create(records)
        _prune(video)


def _prune(video: Video) -> None:
    rows = SubmissionRecord.objects.filter(video=video)
    rows.filter(pk__in=rows.order_by("-pk").values("pk")[MAX_KEPT:]).delete()
