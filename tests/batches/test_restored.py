"""A database that was restored from a backup goes on with no batch by itself: its rows may be made."""

import pytest

from videos.engine import hold
from videos.models import BatchState, Video
from videos.services.batches import resume_batch, start_batch

pytestmark = pytest.mark.django_db


def test_a_restored_batch_waits_for_its_owner(save, work):
    batch = save()
    start_batch(batch)
    hold.hold(restored=True)
    work(batch)
    assert not Video.objects.exists()
    assert batch.state == BatchState.STOPPED
    assert "restored from a backup" in batch.problem

    hold.release()
    resume_batch(batch)
    work(batch)
    assert Video.objects.count() == 2


def test_what_was_started_since_is_created(save, work):
    hold.hold(restored=True)
    batch = save()
    start_batch(batch)
    work(batch)
    assert Video.objects.count() == 2


def test_maintenance_stops_no_batch(save, work):
    batch = save()
    start_batch(batch)
    hold.hold()
    work(batch)
    assert batch.state == BatchState.RUNNING
