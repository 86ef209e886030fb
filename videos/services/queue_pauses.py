"""What staff pause: all that one person has in the queue.

A backend is paused by `backend_pauses`, everything at once by a maintenance (`videos.engine.hold`). In each
case what is in flight goes on, people can still ask for videos, and nothing fails because it waits.
"""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from videos.models import OwnerQueue, StudioState
from videos.models.owner_queue import NOTE_LIMIT
from videos.services.queue import hint_at_queue, queue_subject
from videos.validation import storable_text


@transaction.atomic
def pause_person(person: User, note: str) -> bool:
    """Submit nothing more for the person, who is told the `note`. Returns False if staff had paused it.

    What a worker has claimed is submitted; from the moment that this returns, nothing more is claimed.
    """
    StudioState.objects.lock_submissions()
    OwnerQueue.objects.locked(person)
    note = storable_text(note.strip(), NOTE_LIMIT)
    paused = OwnerQueue.objects.filter(owner=person, staff_paused_at=None).update(
        staff_paused_at=timezone.now(), staff_pause_note=note, revision=F("revision") + 1
    )
    if paused:
        record(Action.PAUSED, queue_subject(person), note=note)
    return bool(paused)


@transaction.atomic
def resume_person(person: User) -> bool:
    """End the pause that staff have set for the person; one of their own stays. Returns False without one."""
    paused = OwnerQueue.objects.filter(owner=person, staff_paused_at__isnull=False)
    resumed = paused.update(staff_paused_at=None, staff_pause_note="", revision=F("revision") + 1)
    if resumed:
        record(Action.RESUMED, queue_subject(person))
        hint_at_queue(person)
    return bool(resumed)
