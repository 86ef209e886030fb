"""The column `collection`: which videos go where, whose budget counts them, and what is wrong with a name."""

import pytest
from django.test import Client

from accounts.models import User
from billing.errors import BudgetExceededError
from billing.models import LedgerLine, Scope
from billing.targets import Target, set_budget
from tests.billing.money import dollars
from videos.models import BatchRow, BatchState, Collection, Video
from videos.services import batch_collections
from videos.services.batches import start_batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def autumn(alice: User) -> Collection:
    return Collection.objects.create(owner=alice, name="Autumn")


def test_each_row_names_its_own(save, work, autumn):
    batch = save(f"prompt,collection\nA fox,autumn\nA bear,{autumn.public_id}\nA crow,\n")
    start_batch(batch)
    work(batch)
    assert dict(Video.objects.values_list("prompt", "made_in")) == {
        "A fox": autumn.pk,
        "A bear": autumn.pk,
        "A crow": None,
    }
    assert autumn.items.count() == 2


@pytest.mark.usefixtures("priced")
def test_it_counts_for_the_budget_of_the_collection(save, work, autumn):
    set_budget(Target(Scope.COLLECTION, collection_id=autumn.pk), "total", dollars("1.50"))
    batch = save("prompt,model,seconds,collection\nA fox,paid-1,10,Autumn\nA bear,paid-1,10,Autumn\n")
    with pytest.raises(BudgetExceededError, match=r"“Autumn”.*has \$1.50 left"):
        start_batch(batch)
    assert start_batch(batch, partly=True)
    work(batch)
    assert batch.state == BatchState.STOPPED
    assert LedgerLine.objects.get().collection_id == autumn.pk


@pytest.mark.usefixtures("autumn")
def test_an_unknown_one_is_a_fault_at_its_row_and_column(check, bob: User):
    Collection.objects.create(owner=bob, name="Bobs")
    checked = check("prompt,collection\nA fox,Autumn\nA bear,Winter\nA crow,Bobs\n")
    assert [str(error) for error in checked.errors] == [
        "row 3, column B (collection): There is no collection “Winter” that you can add videos to.",
        "row 4, column B (collection): There is no collection “Bobs” that you can add videos to.",
    ]


@pytest.mark.usefixtures("autumn")
def test_a_collection_without_room_is_a_fault(check, monkeypatch):
    monkeypatch.setattr(batch_collections, "MAX_VIDEOS", 2)
    (error,) = check("prompt,collection\n" + "A fox,Autumn\n" * 4).errors
    assert str(error).startswith("row 4, column B (collection): a collection can hold 2 videos")


def test_a_file_names_no_more_than_can_be_looked_up(check, monkeypatch):
    monkeypatch.setattr(batch_collections, "MAX_NAMED", 1)
    errors = check("prompt,collection\nA fox,One\nA bear,Two\n").errors
    assert "a batch can name at most" in str(errors[1])


def test_one_that_is_deleted_meanwhile_refuses_its_rows_alone(save, work, autumn):
    batch = save("prompt,collection\nA fox,Autumn\nA bear,\n")
    start_batch(batch)
    autumn.delete()
    work(batch)
    assert Video.objects.get().prompt == "A bear"
    assert "was deleted" in BatchRow.objects.get(state="refused").error


def test_the_page_has_a_field_for_all_rows(as_alice: Client, autumn):
    data = {"table": "prompt\nA fox\n", "collection": "Winter"}
    response = as_alice.post("/batches/new", data)
    assert response.status_code == 422
    assert response.content.decode().count("There is no collection “Winter”") == 1
    as_alice.post("/batches/new", {**data, "collection": "Autumn"})
    assert BatchRow.objects.get().request["collection"] == autumn.pk
