"""A studio in which videos cost something: a paid backend, and its model at $0.10 a second."""

import pytest

from accounts.models import User
from billing.models import LedgerLine
from billing.targets import Target, set_budget
from tests.billing.money import dollars
from tests.factories import BackendFactory
from videos.models import Backend, VideoModel


@pytest.fixture
def paid(db) -> Backend:
    """The only backend in use, which charges by the catalogue: $0.40 for the default video of 4 seconds."""
    backend = BackendFactory(name="Paid", can_remix=True, can_edit=True, can_extend=True, can_list=True)
    VideoModel.objects.all().delete()
    model = VideoModel.objects.create(
        name="sora-2",
        label="Sora 2",
        sizes=["1280x720"],
        seconds=[4, 8, 12],
        price_per_second={"*": "0.10"},
    )
    model.backends.add(backend)
    return backend


@pytest.fixture
def alices_dollar(alice: User):
    """Alice may spend a dollar a month: two videos of $0.40 fit, three do not."""
    from billing.models import Scope

    return set_budget(Target(Scope.USER, user=alice), "month", dollars("1.00"))


@pytest.fixture
def no_lines(db):
    assert not LedgerLine.objects.exists()
