"""What the tests of batches share: saving one of some rows, and doing all that its workers would do."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from videos.capabilities import available_offers
from videos.models import Batch, VideoModel
from videos.services import batch_work
from videos.services.batch_check import CheckedBatch, check_batch, declared_parameters
from videos.services.batch_file import parse_batch
from videos.services.batch_images import UploadedImages
from videos.services.batches import digest_of, save_batch

Check = Callable[..., CheckedBatch]
Save = Callable[..., Batch]


@pytest.fixture
def check(alice: User) -> Check:
    """Check what a file says, as the page does."""

    def checked(content: str | bytes, suffix: str = ".csv", **options: Any) -> CheckedBatch:
        data = content.encode() if isinstance(content, str) else content
        archive = options.pop("archive", None)
        file = parse_batch(data, suffix, declared_parameters(available_offers()), **options)
        return check_batch(alice, file, UploadedImages(alice, archive))

    return checked


@pytest.fixture
def save(alice: User, check: Check) -> Save:
    """Save a batch of alice's with these rows, ready to start."""

    def saved(content: str = "prompt\nA fox\nA bear\n", name: str = "Animals") -> Batch:
        return save_batch(alice, check(content), name=name, digest=digest_of(content.encode()))

    return saved


@pytest.fixture
def work() -> Callable[[Batch], None]:
    """Do all that workers do for a batch."""

    def until_done(batch: Batch) -> None:
        batch_work.advance(batch.pk, seconds=60)
        batch.refresh_from_db()

    return until_done


@pytest.fixture
def priced(alice: User) -> VideoModel:
    """A model whose videos cost $1.00 for ten seconds, at a backend that is metered."""
    from tests.factories import BackendFactory

    model = VideoModel.objects.create(
        name="paid-1",
        label="Paid 1",
        seconds=[4, 10],
        sizes=["1280x720"],
        price_per_second={"*": "0.1"},
        position=99,
    )
    model.backends.add(BackendFactory(name="Paid"))
    return model
