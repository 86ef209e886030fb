"""From the job's end to a file in storage."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from videos.lifecycle import events, transition_log
from videos.lifecycle.transitions import finished_now, leased, move
from videos.models import State, Video
from videos.models.values import NO_REASON, Reason, StoredFiles


def claim_storing(pk: int, *, lease: timedelta) -> uuid.UUID | None:
    """Take the lease on a video to be stored. Returns its token, or None while another worker holds one."""
    token, now = uuid.uuid4(), timezone.now()
    free = Video.objects.filter(Q(lease_expires_at=None) | Q(lease_expires_at__lte=now))
    taken = free.filter(pk=pk, state=State.STORING, due_at__lte=now).update(
        # Behind all that waits now: a file that kills every worker must not keep the rest waiting.
        due_at=now + lease,
        lease_token=token,
        lease_expires_at=now + lease,
        attempts=F("attempts") + 1,
    )
    return token if taken else None


def renew_lease(pk: int, token: uuid.UUID, *, lease: timedelta) -> bool:
    """Extend the lease to `lease` from now. Returns False when another worker has it: then stop."""
    return Video.objects.filter(leased(pk, token)).update(lease_expires_at=timezone.now() + lease) == 1


def postpone_storing(
    pk: int, token: uuid.UUID, reason: Reason, *, due_at: datetime, failed_downloads: int
) -> bool:
    """Stay storing and try the download again at `due_at`. The job itself is never submitted again."""
    changed = Video.objects.filter(leased(pk, token), state=State.STORING).update(
        lease_token=None,
        lease_expires_at=None,
        due_at=due_at,
        failed_downloads=failed_downloads,
        revision=F("revision") + 1,
        **reason.as_fields(),
    )
    return changed == 1


def hand_back_storing(pk: int, token: uuid.UUID) -> bool:
    """Stay storing, and let another worker begin at once: to be asked to stop is no failed try."""
    changed = Video.objects.filter(leased(pk, token), state=State.STORING).update(
        lease_token=None,
        lease_expires_at=None,
        due_at=timezone.now(),
        attempts=F("attempts") - 1,
    )
    return changed == 1


@transaction.atomic
def complete(pk: int, token: uuid.UUID, stored: StoredFiles, *, concat_failure: Reason | None = None) -> bool:
    """storing → completed: the file is in storage, checked and measured.

    `concat_failure` says why the file of an extension does not begin with its source, as it should.
    """
    reason = concat_failure or NO_REASON
    changes: dict[str, Any] = {**finished_now(), **reason.as_fields(), **vars(stored)}
    if concat_failure:
        changes["source_seconds"] = 0
    completed = move(State.STORING, State.COMPLETED, leased(pk, token), **changes)
    if completed:
        events.publish_completed(pk)
    return completed


@transaction.atomic
def fail_storing(pk: int, token: uuid.UUID, reason: Reason, *, retry_at: datetime | None = None) -> bool:
    """storing → failed: the file could not be fetched or stored in as many tries as are made for it.

    One more is made at `retry_at`, if given.
    """
    changes = finished_now()
    if retry_at is not None:
        changes |= {"due_at": retry_at, "late_since": Coalesce(F("late_since"), changes["finished_at"])}
    failed = move(State.STORING, State.FAILED, leased(pk, token), **changes, **reason.as_fields())
    if failed:
        events.publish_failed(pk)
    return failed


def create_imported(video: Video, stored: StoredFiles, *, finished_at: datetime | None = None) -> Video:
    """Insert the row of an uploaded clip, which is completed from the start and was made by no job.

    `finished_at` is when it was made, where that is known; else now.
    """
    fields = {"state": State.COMPLETED, "progress": 100, **finished_now(), **vars(stored)}
    if finished_at is not None:
        fields["finished_at"] = finished_at
    for name, value in fields.items():
        setattr(video, name, value)
    with transaction.atomic():
        video.save(force_insert=True)
        transition_log.log_created([video])
    return video
