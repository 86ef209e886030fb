"""A batch of which something was requested already starts when its owner says so once more."""

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import VideoFactory
from videos.models import Batch, BatchState, State, Video

pytestmark = pytest.mark.django_db

SENTENCE = (
    "1 of 2 videos were already requested in the last 24 hours (row 2), so they would be paid for twice."
)


@pytest.fixture
def batch(alice: User, save) -> Batch:
    VideoFactory(owner=alice, prompt="A fox", seconds=4, size="1280x720")
    return save()


def _start(client: Client, batch: Batch, **fields: str) -> str:
    return client.post(f"/batches/{batch.public_id}/start", fields, follow=True).content.decode()


def test_the_page_warns_and_starts_it_all_the_same(as_alice: Client, batch: Batch):
    page = as_alice.get(f"/batches/{batch.public_id}/").content.decode()
    assert SENTENCE in page
    assert "Start all the same" in page
    assert f"{SENTENCE} It was not started." in _start(as_alice, batch)
    batch.refresh_from_db()
    assert batch.state == BatchState.READY
    _start(as_alice, batch, again="1")
    batch.refresh_from_db()
    assert batch.state == BatchState.CREATING


@pytest.mark.parametrize("change", [{"state": State.FAILED}, {"created_at": "2026-01-01T00:00Z"}])
def test_what_failed_or_is_old_is_no_reason(as_alice: Client, batch: Batch, change):
    Video.objects.update(**change)
    assert "Start all the same" not in as_alice.get(f"/batches/{batch.public_id}/").content.decode()
    _start(as_alice, batch)
    batch.refresh_from_db()
    assert batch.state == BatchState.CREATING
