"""A batch that costs more than its owner may spend waits as one request, and is never made bit by bit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from billing.models import LedgerLine, Scope
from billing.targets import Target, set_budget
from tests.batches.conftest import Save, check, save, work  # noqa: F401  # fixtures here too
from tests.billing.money import assert_consistent, dollars, sums
from tests.factories import UserFactory
from videos import lifecycle
from videos.engine import waiting_requests
from videos.models import ApprovalRequest, ApprovalState, Batch, BatchState, State, Video, VideoModel
from videos.services import batch_work
from videos.services.approvals import DecidedError, approve, decline, withdraw
from videos.services.batch_approvals import resume_or_ask, retry_or_ask, start_or_ask

pytestmark = pytest.mark.django_db

Work = Callable[[Batch], None]
TABLE = "prompt,model,seconds,size\nA fox,sora-2,4,1280x720\nA bear,sora-2,4,1280x720\n"  # $0.40 each
API = "/api/v1/batches"


@pytest.fixture
def batch(save: Save) -> Batch:  # noqa: F811
    return save(TABLE)


@pytest.fixture
def request_(batch: Batch) -> ApprovalRequest:
    asked = start_or_ask(batch)
    assert isinstance(asked, ApprovalRequest)
    return asked


def _page(client: Client, batch: Batch) -> str:
    return " ".join(client.get(f"/batches/{batch.public_id}/").content.decode().split())


def _raise_prices() -> None:
    VideoModel.objects.update(price_per_second={"*": "0.20"})


# --- Asking, through each door -----------------------------------------------------------------------------


def test_the_page_asks_and_says_that_it_waits(as_alice: Client, as_mary: Client, batch: Batch, work: Work):  # noqa: F811
    assert "Ask for approval for $0.80" in _page(as_alice, batch)
    as_alice.post(f"/batches/{batch.public_id}/start")
    as_alice.post(f"/batches/{batch.public_id}/start")
    work(batch)
    asked = ApprovalRequest.objects.get()
    assert (asked.kind, asked.count, asked.price, asked.batch) == ("batch", 2, dollars("0.80"), batch)
    page = _page(as_alice, batch)
    assert "This costs $0.80, and what costs more than $0.30 needs a manager\u2019s approval." in page
    assert "Waiting for approval" in page
    assert "batch-start" not in page
    assert "Waiting for approval" in as_alice.get("/batches/").content.decode()
    assert "A fox" in as_mary.get(asked.get_absolute_url()).content.decode()
    assert "2 videos" in as_mary.get("/approvals/").content.decode()
    assert not Video.objects.exists()


def test_rest_answers_202_with_what_it_waits_for(as_alice: Client, mary: User):
    rows = [{"prompt": each, "model": "sora-2", "seconds": 4, "size": "1280x720"} for each in ("Fox", "Bear")]
    headers = {"Idempotency-Key": "k"}
    response = as_alice.post(API, {"rows": rows}, content_type="application/json", headers=headers)
    body = response.json()
    assert (response.status_code, body["status"]) == (202, "awaiting_approval")
    assert (body["approval"]["state"], body["approval"]["price"]) == ("waiting", "0.80")
    again = as_alice.post(API, {"rows": rows}, content_type="application/json", headers=headers)
    assert (again.status_code, again.json()["id"]) == (202, body["id"])
    assert as_alice.post(f"{API}/{body['id']}/start").status_code == 202
    assert as_alice.get(API).json()["data"][0]["status"] == "awaiting_approval"
    approve(ApprovalRequest.objects.get().public_id, mary)
    body = as_alice.get(f"{API}/{body['id']}").json()
    assert (body["status"], body["approval"]) == ("creating", None)


def test_the_command_waits_and_goes_on_once_it_is_approved(alice: User, mary: User, tmp_path: Path):
    file = tmp_path / "shots.csv"
    file.write_text(TABLE)
    for _ in range(2):
        with pytest.raises(CommandError, match=r"This costs \$0.80.*The same command goes on"):
            call_command("generate_batch", str(file), "--user", "alice", stdout=StringIO())
    approve(ApprovalRequest.objects.get().public_id, mary)
    call_command("generate_batch", str(file), "--user", "alice", stdout=StringIO(), stderr=StringIO())
    assert Video.objects.count() == 2
    assert Batch.objects.count() == 1


def test_a_small_budget_is_no_way_around_it(batch: Batch, alice: User):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("0.40"))
    assert isinstance(start_or_ask(batch, partly=True), ApprovalRequest)


def test_what_is_below_the_limit_as_a_whole_starts(batch: Batch, work: Work, settings):  # noqa: F811
    settings.APPROVE_PRICE_ABOVE = dollars("0.80")
    assert start_or_ask(batch) is True
    work(batch)
    assert sums() == (dollars("0.80"), 0)


def test_a_managers_own_batch_starts(batch: Batch, alice: User, work: Work):  # noqa: F811
    User.objects.filter(pk=alice.pk).update(role=Role.MANAGER)
    assert start_or_ask(Batch.objects.get(pk=batch.pk)) is True
    work(batch)
    assert Video.objects.count() == 2


# --- Deciding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("portion", [1, 100])
def test_approved_it_is_made_whatever_the_limit_of_one(request_, batch, mary, work, monkeypatch, portion):  # noqa: F811
    monkeypatch.setattr(batch_work, "PORTION", portion)
    assert approve(request_.public_id, mary).state == ApprovalState.APPROVED
    work(batch)
    assert (batch.state, batch.agreed_left) == (BatchState.RUNNING, 0)
    assert sums() == (dollars("0.80"), 0)
    assert_consistent()


def test_declined_it_is_ready_again_with_the_word(request_, batch, mary, as_alice: Client):
    decline(request_.public_id, mary, "Make it shorter.")
    page = _page(as_alice, batch)
    assert "Ready to start" in page
    assert "declined by mary. “<bdi>Make it shorter.</bdi>” Nothing was paid for it." in page
    assert as_alice.get(f"{API}/{batch.public_id}").json()["approval"]["note"] == "Make it shorter."
    assert isinstance(start_or_ask(batch), ApprovalRequest)
    assert ApprovalRequest.objects.count() == 2


def test_expired_it_is_ready_again_whether_swept_or_not(request_, batch, as_alice: Client):
    ApprovalRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "Starting it for $0.80: expired." in _page(as_alice, batch)
    assert isinstance(start_or_ask(batch), ApprovalRequest)
    assert waiting_requests.end_expired() == 0
    assert sorted(ApprovalRequest.objects.values_list("state", flat=True)) == ["expired", "waiting"]


def test_withdrawn_it_is_ready_again(request_, batch, as_alice: Client):
    withdraw(request_)
    assert "Starting it for $0.80: withdrawn." in _page(as_alice, batch)


def test_discarding_it_withdraws_the_request(request_, batch, mary, as_alice: Client):
    as_alice.post(f"/batches/{batch.public_id}/cancel")
    assert not Batch.objects.exists()
    request_.refresh_from_db()
    assert request_.state == ApprovalState.WITHDRAWN
    with pytest.raises(DecidedError):
        approve(request_.public_id, mary)


def test_it_is_not_cleared_away_while_it_waits(request_, batch):
    Batch.objects.update(created_at=timezone.now() - timedelta(days=10))
    batch_work.tick()
    assert Batch.objects.exists()


def test_prices_that_have_risen_since_stop_it_and_the_rest_is_asked_for(request_, batch, mary, work):  # noqa: F811
    approve(request_.public_id, mary)
    _raise_prices()
    work(batch)
    assert batch.state == BatchState.STOPPED
    assert "costs $0.80 now, not $0.40" in batch.problem
    assert not LedgerLine.objects.exists()

    rest = resume_or_ask(batch)
    assert isinstance(rest, ApprovalRequest)
    assert rest.price == dollars("1.60")
    work(batch)
    assert not Video.objects.exists()
    approve(rest.public_id, mary)
    work(batch)
    assert sums() == (dollars("1.60"), 0)


def test_the_parts_never_cost_more_than_was_approved(request_, batch, mary, work):  # noqa: F811
    approve(request_.public_id, mary)
    Batch.objects.update(takes_new_prices=True)
    _raise_prices()
    work(batch)
    assert (batch.state, sums()) == (BatchState.STOPPED, (dollars("0.80"), 0))
    assert "What is next costs more than what is left of the agreed price, which is $0.00." in batch.problem


# --- Retrying ----------------------------------------------------------------------------------------------


@pytest.fixture
def failed(request_, batch, mary, work) -> Batch:  # noqa: F811
    approve(request_.public_id, mary)
    work(batch)
    for video in Video.objects.all():
        lifecycle.cancel(video.pk)
    Video.objects.update(state=State.FAILED, finished_at=timezone.now())
    return batch


def test_a_retry_of_all_that_failed_waits_as_one(failed, mary, work, as_alice: Client):  # noqa: F811
    as_alice.post(f"/batches/{failed.public_id}/retry", {"confirmed": "1"})
    work(failed)
    assert set(Video.objects.values_list("state", flat=True)) == {State.FAILED}
    page = _page(as_alice, failed)
    assert "What has failed is retried when that is approved" in page
    assert "batch-retry" not in page
    assert "batch-pause" not in page, "nothing of it is at work"
    asked = ApprovalRequest.objects.waiting().get()
    assert (asked.price, asked.count) == (dollars("0.80"), 2)
    approve(asked.public_id, mary)
    work(failed)
    assert (failed.state, failed.agreed_left) == (BatchState.RUNNING, 0)
    assert set(Video.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_a_retry_over_rest_waits_too(failed, as_alice: Client):
    response = as_alice.post(f"{API}/{failed.public_id}/retry")
    assert (response.status_code, response.json()["approval"]["state"]) == (202, "waiting")


def test_a_small_retry_needs_no_approval(failed, work, settings):  # noqa: F811
    settings.APPROVE_PRICE_ABOVE = dollars("0.80")
    assert retry_or_ask(failed) is True
    work(failed)
    assert set(Video.objects.values_list("state", flat=True)) == {State.QUEUED}


# --- At once -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_at_once_one_starts_it(request_, batch):
    managers = [UserFactory(username=f"manager{number}", role=Role.MANAGER) for number in range(2)]
    start = Barrier(2)

    def decide(manager: User) -> bool:
        start.wait()
        try:
            return approve(request_.public_id, manager).state == ApprovalState.APPROVED
        except DecidedError:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(decide, managers)) == [False, True]
    batch_work.advance(batch.pk, seconds=60)
    assert Video.objects.count() == LedgerLine.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_clicks_at_once_one_asks(batch):
    start = Barrier(2)

    def ask(_: int) -> int:
        start.wait()
        try:
            asked = start_or_ask(Batch.objects.select_related("owner", "token").get(pk=batch.pk))
            assert isinstance(asked, ApprovalRequest)
            return asked.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert len(set(threads.map(ask, range(2)))) == 1
