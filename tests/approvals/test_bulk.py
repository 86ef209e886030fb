"""Many videos submitted once more, and a first video with a new backend: they wait like any other."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts import tokens
from accounts.models import User
from tests.billing.money import dollars, make, put_into
from videos import lifecycle
from videos.models import ApprovalRequest, Backend, State, Video
from videos.services.approvals import approve
from videos.views.bulk_jobs import seen_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(alice: User, settings) -> list[Video]:
    """Two videos of $0.40 that failed when nobody had to approve anything."""
    limit, settings.APPROVE_PRICE_ABOVE = settings.APPROVE_PRICE_ABOVE, None
    videos = [make(alice) for _ in range(2)]
    for video in videos:
        lifecycle.cancel(video.pk)
        put_into(video, State.FAILED, error_code="timed_out")
        video.refresh_from_db()
    settings.APPROVE_PRICE_ABOVE = limit
    return videos


def _retry(client: Client, videos: list[Video]) -> str:
    fields = {"id": [video.public_id for video in videos], "seen": [seen_version(video) for video in videos]}
    page = client.post(reverse("videos:bulk_jobs"), {**fields, "do": "retry"}, follow=True)
    return page.content.decode()


def test_what_is_retried_at_once_waits_and_is_listed(
    as_alice: Client, as_mary: Client, mary: User, failed: list[Video]
):
    page = _retry(as_alice, failed)

    assert "2 videos wait for a manager&#x27;s approval" in page
    assert "Nothing was changed" not in page
    waiting = ApprovalRequest.objects.order_by("pk")
    assert [(each.kind, each.prompt, each.price) for each in waiting] == [
        ("retry", video.prompt, dollars("0.40")) for video in failed
    ]
    listed = as_mary.get(reverse("videos:approvals")).content.decode()
    assert all(each.get_absolute_url() in listed for each in waiting)
    assert set(Video.objects.values_list("state", flat=True)) == {State.FAILED}

    _retry(as_alice, failed)
    assert waiting.count() == 2, "a page that is sent again asks for nothing twice"

    approve(waiting[0].public_id, mary)
    states = [Video.objects.get(pk=video.pk).state for video in failed]
    assert states == [State.QUEUED, State.FAILED]


def test_a_program_is_told_what_waits(alice: User, failed: list[Video]):
    _, secret = tokens.issue(alice, "test")
    program = Client(headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "once"})
    body = {"action": "retry", "ids": [video.public_id for video in failed]}

    for _ in range(2):
        answer = program.post("/api/v1/videos/actions", body, content_type="application/json").json()
        assert [result["result"] for result in answer["data"]] == ["waiting", "waiting"]
        assert answer["done"] == 0

    ids = list(ApprovalRequest.objects.order_by("pk").values_list("public_id", flat=True))
    assert [result["approval_id"] for result in answer["data"]] == ids
    assert program.get(f"/api/v1/approvals/{ids[0]}").json()["state"] == "waiting"


def test_the_first_video_with_a_new_backend_waits(as_alice: Client, alice: User, paid: Backend):
    alice.is_staff = True
    alice.save()
    alice.user_permissions.set([Permission.objects.get(codename="connect_backend")])
    page = reverse("videos:connected", args=[paid.pk])
    (offer,) = as_alice.get(page).context["offers"]

    response = as_alice.post(page, {"prompt": "A fox", "terms": offer.terms}, follow=True)

    assert "nothing is paid so far" in response.content.decode()
    assert ApprovalRequest.objects.get().price == dollars("0.40")
    assert not Video.objects.exists()
