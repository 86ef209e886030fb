"""What is asked for in a collection counts for its budget, in whatever collections the video is later."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import User
from billing import ledger
from billing.errors import BudgetExceededError
from billing.models import Budget, LedgerLine, Scope
from billing.spend import default_span, spend_by
from billing.targets import Target, set_budget
from tests.billing.money import dollars, make, put_into
from tests.factories import VideoFactory
from videos import lifecycle
from videos.models import Backend, Collection, State, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def spring(alice: User) -> Collection:
    return Collection.objects.create(owner=alice, name="Spring")


def _reserve(owner: User, backend: Backend, collection: Collection | None) -> Video:
    video = VideoFactory(owner=owner, backend=backend, price=dollars("0.40"), made_in=collection)
    with transaction.atomic():
        lifecycle.reserve([video])
    return video


def test_a_budget_bounds_what_is_asked_for_in_it(paid: Backend, alice: User, spring: Collection):
    set_budget(Target(Scope.COLLECTION, collection_id=spring.pk), "month", dollars("0.50"))
    _reserve(alice, paid, None)
    _reserve(alice, paid, spring)
    with pytest.raises(BudgetExceededError, match="The budget of the collection “Spring” of"):
        _reserve(alice, paid, spring)
    lines = LedgerLine.objects.order_by("pk")
    assert [line.collection_id for line in lines] == [None, spring.pk]
    assert lines[1].collection_name == "Spring"
    assert lines[0].budgets == []
    assert lines[1].budgets == [f"collection:{spring.pk}/month"]


def test_a_retry_counts_for_the_collection_of_the_video(paid: Backend, alice: User, spring: Collection):
    video = _reserve(alice, paid, spring)
    lifecycle.cancel(video.pk)
    put_into(video, State.FAILED, error_code="timed_out")
    set_budget(Target(Scope.COLLECTION, collection_id=spring.pk), "month", dollars("0.10"))
    with pytest.raises(BudgetExceededError):
        lifecycle.retry(video.pk)


def test_what_becomes_of_a_reservation_counts_there_too(paid: Backend, alice: User, spring: Collection):
    video = _reserve(alice, paid, spring)
    lifecycle.cancel(video.pk)
    assert {line.collection_id for line in LedgerLine.objects.all()} == {spring.pk}


def test_the_command_finds_a_collection_by_name_or_id(spring: Collection, bob: User):
    out = StringIO()
    call_command("set_budget", "5", "--collection", "Spring", "--per", "month", stdout=out)
    assert "Collection Spring: $5.00 this month (hard)" in out.getvalue()
    assert Budget.objects.get().collection_id == spring.pk
    with pytest.raises(CommandError, match="there is no collection “Autumn”"):
        call_command("set_budget", "5", "--collection", "Autumn", "--per", "month")
    Collection.objects.create(owner=bob, name="Spring")
    with pytest.raises(CommandError, match=spring.public_id):
        call_command("set_budget", "5", "--collection", "Spring", "--per", "month")
    call_command("set_budget", "none", "--collection", spring.public_id, "--per", "month", stdout=out)
    assert not Budget.objects.exists()


def test_spending_is_told_apart_by_collection(paid: Backend, alice: User, spring: Collection):
    for video in (_reserve(alice, paid, spring), make(alice)):
        with transaction.atomic():
            ledger.charge(video.pk, transition="accepted")
    rows = spend_by(LedgerLine.objects.all(), default_span(), "collection")
    assert {row.name: row.spent for row in rows} == {
        "Spring": dollars("0.40"),
        "In no collection": dollars("0.40"),
    }


def test_a_batch_may_be_of_several_collections(paid: Backend, alice: User, spring: Collection):
    autumn = Collection.objects.create(owner=alice, name="Autumn")
    for collection in (spring, autumn):
        set_budget(Target(Scope.COLLECTION, collection_id=collection.pk), "month", dollars("0.40"))
    videos = [
        VideoFactory(owner=alice, backend=paid, price=dollars("0.40"), made_in=collection)
        for collection in (spring, autumn)
    ]
    with transaction.atomic():
        lifecycle.reserve(videos)
    assert LedgerLine.objects.count() == 2
