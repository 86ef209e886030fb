"""What a backend charged is shown wherever the cost of a video is, with the estimate beside it."""

from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.api.rest.conftest import client_of
from tests.factories import BackendFactory, VideoFactory
from tests.ledger import charge
from videos import lifecycle
from videos.backends.charges import Charge
from videos.backends.responses import Job
from videos.engine import poll
from videos.models import State, Video
from videos.services.usage import Usage, summarize_usage
from videos.templatetags.failures import cost_note, short_cost_note
from videos.templatetags.studio import cost_basis
from videos.views.zip_export import sidecar

pytestmark = pytest.mark.django_db


def _video(owner: User, **fields: object) -> Video:
    backend = BackendFactory(name="Cloud")
    video: Video = VideoFactory(owner=owner, backend=backend, state=State.COMPLETED, **fields)
    video.refresh_from_db()
    return video


@pytest.mark.parametrize(
    ("price", "charged", "basis", "cost"),
    [
        ("0.40", "0.42", "charged by Cloud, $0.02 more than the estimate of $0.40", "$0.42"),
        ("0.40", "0.375", "charged by Cloud, $0.025 less than the estimate of $0.40", "$0.375"),
        ("0.40", "0.40", "charged by Cloud, as estimated", "$0.40"),
        (None, "0.42", "charged by Cloud", "$0.42"),
        ("0.40", None, "catalogue price", "$0.40"),
        ("0.40", "0", "charged by Cloud, $0.40 less than the estimate of $0.40", "$0.00"),
    ],
)
def test_the_page_shows_the_charge_and_how_far_it_is_from_the_estimate(
    as_alice: Client, alice: User, price: str | None, charged: str | None, basis: str, cost: str
):
    video = _video(alice, price=price and Decimal(price), charged=charged and Decimal(charged))

    page = as_alice.get(video.get_absolute_url()).content.decode()

    assert cost_basis(video) == basis
    assert f'<dt>Cost</dt><dd>{cost} <span class="muted">{basis}</span>' in page


def test_the_api_tells_charge_estimate_and_difference(alice: User):
    video = _video(alice, price=Decimal("0.40"), charged=Decimal("0.42"))

    body = client_of(alice).get(f"/api/v1/videos/{video.public_id}").json()

    told = {name: body[name] for name in ("cost", "estimated_cost", "charged_cost", "cost_difference")}
    assert told == {"cost": 0.42, "estimated_cost": 0.4, "charged_cost": 0.42, "cost_difference": 0.02}
    assert sidecar(video)["charged_usd"] == "0.420000"


def test_sums_count_what_was_charged_and_else_the_estimate(alice: User):
    now, today = timezone.now(), timezone.localdate()
    charge(_video(alice, price=Decimal("0.40"), charged=Decimal("0.42")), now)
    charge(VideoFactory(owner=alice, state=State.COMPLETED, price=Decimal("0.10")), now)
    charge(VideoFactory(owner=alice, state=State.COMPLETED, price=None), now)

    total = summarize_usage(alice, today, today).total

    assert (total.charged, total.estimated, total.without_cost) == (Decimal("0.42"), Decimal("0.10"), 1)
    assert total.difference == Decimal("0.02")


def test_sums_know_nothing_of_what_a_simulator_made(alice: User):
    VideoFactory(owner=alice, state=State.COMPLETED, price=Decimal("0.40"), accepted_at=timezone.now())
    today = timezone.localdate()

    assert summarize_usage(alice, today - timedelta(days=1), today) == Usage()


@pytest.mark.parametrize(
    ("charged", "note", "short"),
    [
        ("0.1", "The backend charged $0.10 for it.", "$0.10 charged"),
        ("0", "The backend charged $0.00 for it.", "No charge"),
    ],
)
def test_of_a_failure_it_is_known_what_it_cost(alice: User, charged: str, note: str, short: str):
    video = VideoFactory(owner=alice, state=State.FAILED, backend_job_id="j", charged=Decimal(charged))

    assert cost_note(video) == note
    assert short_cost_note(video) == short


def test_a_new_attempt_begins_without_a_charge(alice: User):
    video = VideoFactory(owner=alice, state=State.FAILED, charged=Decimal("0.1"))

    assert lifecycle.retry(video.pk)

    video.refresh_from_db()
    assert video.charged is None


def test_a_poll_that_says_nothing_takes_no_charge_back(alice: User):
    video = VideoFactory(owner=alice, state=State.IN_PROGRESS, charged=Decimal("0.1"))

    assert lifecycle.begin_storing(video.pk, video.backend_job_id)

    video.refresh_from_db()
    assert video.charged == Decimal("0.1")


def _late(owner: User) -> Video:
    video = _video(owner, price=Decimal("0.40"), backend_job_id="job_1", late_since=timezone.now())
    Video.objects.filter(pk=video.pk).update(state=State.FAILED, due_at=timezone.now())
    return Video.objects.get(pk=video.pk)


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_what_a_late_result_cost_is_kept(alice: User, status: Literal["completed", "failed"]):
    video = _late(alice)
    job = Job("job_1", status, status, charge=Charge(Decimal("0.42")))

    poll._handle_all([(video, job)], lambda _: 600)

    video.refresh_from_db()
    assert video.state == (State.STORING if status == "completed" else State.FAILED)
    assert (video.charged, video.cost) == (Decimal("0.42"), Decimal("0.42"))
