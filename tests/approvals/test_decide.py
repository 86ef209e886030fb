"""A manager decides once; what was approved is made exactly as asked for, at no more than its price."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tokens
from accounts.deactivation import end_access
from accounts.models import User
from billing.models import LedgerLine, Scope
from billing.targets import Target, set_budget
from contentgen.events import Event, EventKind
from tests.approvals.conftest import BODY, ask
from tests.billing.money import assert_consistent, dollars, sums
from videos.engine import waiting_requests
from videos.models import ApprovalRequest, ApprovalState, Backend, Video, VideoModel
from videos.services.approvals import DecidedError, approve, create_or_ask, decline, withdraw
from videos.services.generation_requests import GenerationRequest, make_takes
from videos.services.paid_requests import NewVideos

pytestmark = pytest.mark.django_db


def test_approved_takes_are_made_as_asked_for(alice: User, mary: User, told: list[Event], hints):
    request = GenerationRequest("A boat", "sora-2", 8, "1280x720")
    approval = create_or_ask(alice, NewVideos(make_takes(request, 2)))
    assert isinstance(approval, ApprovalRequest)

    decided = approve(approval.public_id, mary, "Go on")
    videos = Video.objects.order_by("take")
    assert [(video.prompt, video.seconds, video.takes, video.owner) for video in videos] == [
        ("A boat", 8, 2, alice)
    ] * 2
    assert (decided.state, decided.video, decided.decided_by) == ("approved", videos[0], mary)
    assert sums() == (dollars("1.60"), 0)
    assert (told[-1].kind, told[-1].user_id) == (EventKind.APPROVAL_DECIDED, alice.pk)
    assert (told[-1].data["state"], told[-1].data["note"]) == ("approved", "Go on")
    assert_consistent()


def test_it_is_decided_once(alice: User, mary: User, carol: User):
    approval = ask(alice)
    approve(approval.public_id, mary)
    with pytest.raises(DecidedError, match="Approved by mary"):
        approve(approval.public_id, carol)
    with pytest.raises(DecidedError):
        decline(approval.public_id, carol, "Too late")
    assert not withdraw(approval)
    assert Video.objects.count() == 1


def test_a_decline_has_a_word(alice: User, as_mary: Client, told: list[Event]):
    approval = ask(alice)
    address = f"/approvals/{approval.public_id}/decline"
    without = as_mary.post(address, {"note": " "})
    assert without.status_code == 422
    assert "Say why" in without.content.decode()
    as_mary.post(address, {"note": "Make it shorter."})
    approval.refresh_from_db()
    assert (approval.state, approval.note) == ("declined", "Make it shorter.")
    assert told[-1].data["state"] == "declined"
    assert not Video.objects.exists()


def test_a_price_that_has_risen_is_not_paid(alice: User, mary: User):
    approval = ask(alice)
    VideoModel.objects.update(price_per_second={"*": "0.20"})
    decided = approve(approval.public_id, mary)
    assert decided.state == ApprovalState.FAILED
    assert decided.problem == "The price has risen: it was $0.40 and is now $0.80."
    assert not Video.objects.exists()
    assert not LedgerLine.objects.exists()


def test_a_price_that_nobody_knows_any_more_is_not_paid(alice: User, mary: User):
    approval = ask(alice)
    VideoModel.objects.update(price_per_second={})
    decided = approve(approval.public_id, mary)
    assert decided.problem == "The price was $0.40 and is not known any more."
    assert not Video.objects.exists()


def test_what_has_no_price_is_paid_where_that_was_approved(paid: Backend, alice: User, mary: User):
    unpriced = VideoModel.objects.create(name="new", label="New", sizes=["1280x720"], seconds=[4])
    unpriced.backends.add(paid)
    requests = [GenerationRequest("A boat", model, 4, "1280x720") for model in ("sora-2", "new")]
    approval = create_or_ask(alice, NewVideos(requests))
    assert isinstance(approval, ApprovalRequest)
    assert not approval.is_priced
    assert approve(approval.public_id, mary).state == ApprovalState.APPROVED
    assert Video.objects.count() == 2


def test_a_price_that_has_fallen_is_paid(alice: User, mary: User):
    approval = ask(alice)
    VideoModel.objects.update(price_per_second={"*": "0.09"})
    assert approve(approval.public_id, mary).state == ApprovalState.APPROVED
    assert sums() == (dollars("0.36"), 0)


def test_a_rise_counts_also_when_no_price_is_to_be_approved_any_more(alice: User, mary: User, settings):
    approval = ask(alice)
    VideoModel.objects.update(price_per_second={"*": "0.20"})
    settings.APPROVE_PRICE_ABOVE = None
    assert approve(approval.public_id, mary).state == ApprovalState.FAILED


def test_a_model_that_is_gone_is_told(alice: User, as_mary: Client):
    approval = ask(alice)
    VideoModel.objects.all().delete()
    page = as_mary.post(f"/approvals/{approval.public_id}/approve", follow=True).content.decode()
    assert "Nothing was made, and nothing paid." in page
    approval.refresh_from_db()
    assert approval.state == ApprovalState.FAILED
    assert "There is no model “sora-2”." in approval.problem


def test_a_budget_without_room_is_told_and_it_may_be_asked_again(alice: User, as_alice: Client, mary: User):
    approval = ask(alice)
    budget = set_budget(Target(Scope.USER, user=alice), "month", dollars("0.10"))
    assert approve(approval.public_id, mary).state == ApprovalState.FAILED
    budget.delete()
    as_alice.post(f"/approvals/{approval.public_id}/again")
    assert ApprovalRequest.objects.waiting().count() == 1
    assert not Video.objects.exists()


def test_its_tokens_budget_counts(alice: User, mary: User):
    token, secret = tokens.issue(alice, "script")
    headers = {"Authorization": f"Bearer {secret}"}
    Client().post("/api/v1/videos/generate", BODY, content_type="application/json", headers=headers)
    approval = ApprovalRequest.objects.get()
    approve(approval.public_id, mary)
    assert LedgerLine.objects.get().token_id == token.pk


def test_a_revoked_token_pays_nothing(alice: User, mary: User):
    token, secret = tokens.issue(alice, "script")
    headers = {"Authorization": f"Bearer {secret}"}
    Client().post("/api/v1/videos/generate", BODY, content_type="application/json", headers=headers)
    tokens.revoke(token)
    assert approve(ApprovalRequest.objects.get().public_id, mary).state == ApprovalState.FAILED
    assert not LedgerLine.objects.exists()


def test_the_same_key_finds_the_video_afterwards(alice: User, mary: User):
    headers = {"Authorization": f"Bearer {tokens.issue(alice, 'script')[1]}", "Idempotency-Key": "k"}
    client = Client()
    path = "/api/v1/videos/generate"
    client.post(path, BODY, content_type="application/json", headers=headers)
    approve(ApprovalRequest.objects.get().public_id, mary)
    again = client.post(path, BODY, content_type="application/json", headers=headers)
    assert (again.status_code, again.json()["id"]) == (200, Video.objects.get().public_id)
    Video.objects.all().delete()
    gone = client.post(path, BODY, content_type="application/json", headers=headers)
    assert (gone.status_code, gone.json()["error"]["code"]) == (409, "video_deleted")


def test_it_expires(alice: User, mary: User, told: list[Event]):
    approval = ask(alice)
    ApprovalRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(DecidedError, match="Expired"):
        approve(approval.public_id, mary)
    assert waiting_requests.end_expired() == 1
    assert waiting_requests.end_expired() == 0
    approval.refresh_from_db()
    assert approval.state == ApprovalState.EXPIRED
    assert told[-1].data["state"] == "expired"


def test_a_blocked_persons_wait_ends(alice: User, mary: User):
    approval = ask(alice)
    alice.is_active = False
    alice.save()
    end_access(alice)
    approval.refresh_from_db()
    assert (approval.state, approval.problem) == ("withdrawn", "The account was deactivated.")
    with pytest.raises(DecidedError):
        approve(approval.public_id, mary)


def test_the_person_may_withdraw_it(alice: User, as_alice: Client, as_bob: Client):
    approval = ask(alice)
    assert as_bob.post(f"/approvals/{approval.public_id}/withdraw").status_code == 404
    as_alice.post(f"/approvals/{approval.public_id}/withdraw")
    approval.refresh_from_db()
    assert approval.state == ApprovalState.WITHDRAWN


def test_only_managers_decide_and_strangers_see_nothing(alice: User, as_alice: Client, as_bob: Client):
    approval = ask(alice)
    address = f"/approvals/{approval.public_id}/"
    assert as_alice.get(address).status_code == 200
    assert as_alice.post(f"{address}approve").status_code == 403
    assert as_bob.get(address).status_code == 404
    assert as_bob.post(f"{address}approve").status_code == 403
    assert "A paper boat" not in as_bob.get("/approvals/").content.decode()
    assert as_alice.get(f"{address}approve").status_code == 405
    approval.refresh_from_db()
    assert approval.is_waiting


def test_the_list_costs_as_many_queries_however_long(alice: User, bob: User, as_mary: Client):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("10"))
    set_budget(Target(Scope.USER, user=bob), "month", dollars("10"))
    ask(alice)
    as_mary.get("/approvals/")  # fills what is cached
    with CaptureQueriesContext(connection) as few:
        page = as_mary.get("/approvals/").content.decode()
    assert "Budget left: $10.00 of $10.00 this month (alice)" in page
    for number in range(5):
        ask(bob, f"Boat {number}")
    with CaptureQueriesContext(connection) as many:
        as_mary.get("/approvals/")
    assert len(many) == len(few)
