"""All that goes by its age, once a minute: each part has its turn, though another one fails."""

import logging
from collections.abc import Callable

from django.utils import timezone

from videos.engine import enqueue, file_ages, job_retention, playable_copies, retention, storage_use
from videos.engine.removal_guard import may_remove
from videos.engine.stored_bytes import remove_discarded

logger = logging.getLogger(__name__)


def run() -> None:
    """Do what is due. Running it twice, or in two places, is harmless."""
    _do([remove_discarded, storage_use.measure_some, _hint_at_copies])
    if may_remove():
        steps = [retention.announce, retention.move_due, file_ages.drop_old_files]
        _do([*steps, job_retention.release_jobs, remove_discarded])


def _do(steps: list[Callable[[], object]]) -> None:
    for step in steps:
        try:
            step()
        except Exception:
            logger.exception("A part of what goes by age failed: %s", getattr(step, "__name__", step))


def _hint_at_copies() -> None:
    for pk in playable_copies.due(timezone.now()).values_list("pk", flat=True)[:20]:
        enqueue.send(playable_copies.TASK, pk)
