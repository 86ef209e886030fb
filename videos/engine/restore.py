"""What became, since the backup, of videos that a restored database believes to be queued.

They are handed to the search for lost jobs (`videos.engine.reconcile`) as if their submission had got no
reply: it adopts a job that can only be theirs, asks the owner where it is in doubt, and queues the rest
again.
"""

import logging
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from videos import lifecycle
from videos.backends.errors import BackendError, RefusedError
from videos.engine import bulkhead, clients, enqueue, hold
from videos.engine.reconcile import SEARCH_FOR
from videos.engine.submission_marks import MarksUnavailableError
from videos.models import Backend, StudioState
from videos.models.values import Reason

logger = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=30)  # before a backend is asked again for its list; longer than asking takes

_UNACCOUNTED = Reason(
    "restored",
    gettext_noop(
        "The studio was restored from a backup. We are finding out whether this video was submitted since."
    ),
)


def sweep() -> None:
    """Notice a restored database, and hint at the backends that are to be searched."""
    with suppress(MarksUnavailableError):  # a claim says so, and makes none
        hold.may_submit()
    now = timezone.now()
    due = Backend.objects.filter(search_due_at__lte=now)
    for pk in due.values_list("pk", flat=True):
        if due.filter(pk=pk).update(search_due_at=now + RETRY_AFTER):
            enqueue.send("search_restored", pk)


@bulkhead.limited(refused=None)
def search_backend(backend_id: int) -> None:
    """Hand this backend's unaccounted videos to the search for lost jobs, once the backend answers.

    A backend that does not answer within `SEARCH_FOR` leaves the decision to the owners, as one does that has
    no list.
    """
    backend = Backend.objects.get(pk=backend_id)
    state = StudioState.objects.load()
    if backend.search_due_at is None or state.held_at is None:
        return
    if timezone.now() - state.held_at <= SEARCH_FOR and not _answers(backend):
        return
    with transaction.atomic():
        searched = Backend.objects.filter(pk=backend_id, search_due_at__isnull=False)
        if not searched.update(search_due_at=None):
            return
        count = lifecycle.mark_unaccounted(
            backend_id, _UNACCOUNTED, held_at=state.held_at, submitted_until=state.submitted_until
        )
    logger.warning(
        "%s is searched for %d videos that may have been submitted since the backup", backend, count
    )
    enqueue.send("reconcile", backend_id)


def _answers(backend: Backend) -> bool:
    """Whether the backend answers, be it that it has no list. A refused key is no answer."""
    if backend.can_list is False:
        return True
    try:
        with clients.client_for(backend) as client:
            client.list(limit=1)
    except BackendError as error:
        logger.warning("%s cannot list its jobs: %s", backend, error)
        return isinstance(error, RefusedError) and not error.concerns_account
    return True
