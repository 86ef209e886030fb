"""What costs too much waits instead of being made, at every door that can wait, and nothing is paid."""

import dataclasses
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts import tokens
from accounts.models import User
from billing.models import LedgerLine, Scope
from billing.targets import Target, set_budget
from contentgen.events import Event, EventKind
from tests.approvals.conftest import BODY, ask
from tests.billing.money import dollars, make, put_into
from tests.factories import VideoFactory
from tests.views.page import upload
from videos import lifecycle
from videos.models import (
    ApprovalRequest,
    ApprovalState,
    Backend,
    ReferenceImage,
    RequestKind,
    State,
    Video,
)
from videos.services.approvals import MAX_WAITING, create_or_ask
from videos.services.generation_requests import GenerationRequest
from videos.services.paid_requests import Derivation, _generation_data, read_request

pytestmark = pytest.mark.django_db


def _nothing_was_made() -> None:
    assert not Video.objects.exists()
    assert not LedgerLine.objects.exists()


def test_the_studios_form_has_all_takes_wait_together(as_alice: Client):
    page = as_alice.post("/", {**BODY, "takes": "3"}, follow=True).content.decode()
    assert "This costs $1.20" in page
    assert "Waiting for approval" in page
    approval = ApprovalRequest.objects.get()
    assert (approval.count, approval.price, approval.state) == (3, dollars("1.20"), "waiting")
    _nothing_was_made()


def test_htmx_gets_the_list_of_what_waits(as_alice: Client):
    response = as_alice.post("/", BODY, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert 'id="waiting-requests"' in response.content.decode()
    assert "nothing is paid so far" in response.headers["HX-Trigger"]


def test_the_composer_says_from_where_on_a_manager_approves(as_alice: Client, as_mary: Client):
    sentence = "A manager approves what costs more than $0.30."
    assert sentence in as_alice.get("/").content.decode()
    assert sentence not in as_mary.get("/").content.decode()


def test_what_is_cheap_does_not_wait(as_alice: Client, settings):
    settings.APPROVE_PRICE_ABOVE = dollars("0.40")
    as_alice.post("/", BODY)
    assert Video.objects.count() == 1
    assert not ApprovalRequest.objects.exists()


def test_a_managers_own_request_does_not_wait(as_mary: Client):
    as_mary.post("/", BODY)
    assert Video.objects.count() == 1


def test_managers_are_told_and_nobody_else(alice: User, bob: User, mary: User, told: list[Event]):
    approval = ask(alice)
    assert [(event.kind, event.user_id) for event in told] == [(EventKind.APPROVAL_REQUESTED, mary.pk)]
    assert told[0].object_id == approval.public_id
    assert told[0].data["price"] == "0.40"


def test_a_form_that_is_sent_twice_asks_once(as_alice: Client):
    form = {**BODY, "form_key": "one"}
    as_alice.post("/", form)
    page = as_alice.post("/", form, follow=True).content.decode()
    assert "had been sent before" in page
    assert ApprovalRequest.objects.count() == 1


def test_rest_answers_202_with_where_to_ask(alice: User, mary: User):
    headers = {"Authorization": f"Bearer {tokens.issue(alice, 'script')[1]}", "Idempotency-Key": "k"}
    client = Client()
    response = client.post("/api/v1/videos/generate", BODY, content_type="application/json", headers=headers)
    assert response.status_code == 202, response.content
    body = response.json()
    assert (body["object"], body["state"], body["price"], body["video_id"]) == (
        *("approval", "waiting", "0.40"),
        None,
    )
    again = client.post("/api/v1/videos/generate", BODY, content_type="application/json", headers=headers)
    assert (again.status_code, again.json()["id"]) == (202, body["id"])
    assert again.headers["Idempotent-Replayed"] == "true"
    state = client.get(body["url"].removeprefix("http://testserver"), headers=headers)
    assert (state.status_code, state.json()) == (200, body)
    _nothing_was_made()


def test_v1_refuses_because_its_protocol_cannot_wait(alice: User):
    headers = {"Authorization": f"Bearer {tokens.issue(alice, 'script')[1]}"}
    response = Client().post("/v1/videos", BODY, content_type="application/json", headers=headers)
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "approval_required"
    assert not ApprovalRequest.objects.exists()
    _nothing_was_made()


def test_a_command_says_that_it_waits(alice: User):
    with pytest.raises(CommandError, match=r"This costs \$0.40.*Its id is approval_"):
        call_command("generate_video", "A boat", "--user", "alice")
    assert ApprovalRequest.objects.get().owner == alice
    _nothing_was_made()


def test_a_batch_waits_as_one(alice: User, tmp_path: Path):
    file = tmp_path / "shots.csv"
    file.write_text("prompt,model,seconds,size\nOne,sora-2,4,1280x720\nTwo,sora-2,8,1280x720\n")
    with pytest.raises(CommandError, match=r"This costs \$1.20"):
        call_command("generate_batch", str(file), "--user", "alice", stdout=StringIO())
    assert ApprovalRequest.objects.get().count == 2
    _nothing_was_made()


def test_a_retry_waits_too(alice: User, as_alice: Client, settings):
    settings.APPROVE_PRICE_ABOVE = None
    video = make(alice)
    lifecycle.cancel(video.pk)
    put_into(video, State.FAILED, error_code="timed_out")
    settings.APPROVE_PRICE_ABOVE = dollars("0.30")
    page = as_alice.post(f"/videos/{video.public_id}/retry", follow=True).content.decode()
    assert "nothing is paid so far" in page
    assert ApprovalRequest.objects.get().kind == "retry"
    video.refresh_from_db()
    assert video.state == State.FAILED


def test_an_upload_is_kept_while_it_waits(as_alice: Client):
    picture = BytesIO()
    Image.new("RGB", (64, 64), "teal").save(picture, "PNG")
    as_alice.post("/", {**BODY, "input_reference": upload(picture.getvalue())})
    image = ReferenceImage.objects.get()
    assert list(ApprovalRequest.objects.get().images.all()) == [image]
    assert image.file.storage.exists(image.file.name)
    as_alice.post(f"/references/{image.public_id}/delete")
    assert image.file.storage.exists(image.file.name), "deleted from the list, and still needed"


def test_what_no_budget_has_is_refused_rather_than_asked_for(alice: User, as_alice: Client):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("0.10"))
    assert as_alice.post("/", BODY).status_code == 422
    assert not ApprovalRequest.objects.exists()


def test_a_price_to_confirm_is_confirmed_before_it_waits(as_alice: Client, settings):
    settings.CONFIRM_PRICE_ABOVE = dollars("0.30")
    assert as_alice.post("/", BODY).status_code == 422
    assert not ApprovalRequest.objects.exists()
    as_alice.post("/", {**BODY, "confirm_price": "0.40"})
    assert ApprovalRequest.objects.count() == 1


def test_nobody_fills_the_list(alice: User, as_alice: Client):
    row = {"owner": alice, "kind": "create", "data": {}, "count": 1, "price": 1}
    later = timezone.now() + timedelta(days=1)
    ApprovalRequest.objects.bulk_create(ApprovalRequest(**row, expires_at=later) for _ in range(MAX_WAITING))
    response = as_alice.post("/", BODY)
    assert response.status_code == 422
    assert "wait for approval already" in response.content.decode()


def test_all_that_a_request_says_is_kept():
    request = GenerationRequest("A boat", "sora-2", 4, "1280x720")
    assert set(_generation_data(request)) == {field.name for field in dataclasses.fields(request)}


def test_what_waits_has_been_approved_by_nobody(alice: User):
    approval = ask(alice)
    assert approval.state == ApprovalState.WAITING
    assert approval.decided_by is None


def test_takes_of_a_remix_wait_by_what_they_cost_together(alice, paid, settings):
    settings.APPROVE_PRICE_ABOVE = dollars("1")
    Backend.objects.filter(pk=paid.pk).update(can_remix=True)
    source = VideoFactory(
        owner=alice, backend=paid, state=State.COMPLETED, model="sora-2", seconds=4, size="1280x720"
    )
    source.backend.refresh_from_db()
    wanted = Derivation(RequestKind.REMIX, source, "At night", takes=3)
    waiting = create_or_ask(alice, wanted)
    assert isinstance(waiting, ApprovalRequest)
    assert (waiting.count, waiting.price) == (3, dollars("1.20"))
    assert read_request(alice, waiting.kind, waiting.data) == wanted
    del waiting.data["takes"]  # as it waits since before there were any
    assert read_request(alice, waiting.kind, waiting.data).count == 1
    made = create_or_ask(alice, Derivation(RequestKind.REMIX, source, "At night", takes=2))
    assert [each.take for each in made] == [1, 2]
