"""What costs nothing counts nothing, wherever costs are summed up; and every sum is the ledger's."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from billing.models import LedgerLine, Scope
from billing.targets import Target, set_budget
from tests.api.rest.conftest import client_of
from tests.billing.money import dollars, make, sums
from tests.billing.steps import REFUSED, accept, finish
from videos import lifecycle
from videos.models import Backend
from videos.services.usage import summarize_usage
from videos.services.video_actions import retry_video

pytestmark = pytest.mark.django_db

FREE = [{"service": "simulator"}, {"is_simulator": True}, {"costs_nothing": True}]


def _usage(owner: User) -> dict:
    since = str(timezone.localdate() - timedelta(days=2))
    return client_of(owner).get("/api/v1/usage", {"from": since}).json()


@pytest.mark.parametrize("free", FREE)
def test_it_is_in_no_budget_and_no_sum(paid: Backend, alice: User, free: dict):
    Backend.objects.filter(pk=paid.pk).update(**free)
    set_budget(Target(Scope.USER, user=alice), "month", dollars("0"))

    video = finish(accept(make(alice)), Decimal("3"))

    assert not LedgerLine.objects.exists()
    usage = _usage(alice)
    assert (usage["total"]["dollars"], usage["total"]["videos"]) == (0, 0)
    assert usage["by_model"] == usage["by_day"] == []
    assert client_of(alice).get(f"/api/v1/videos/{video.public_id}").json()["cost"] == 0
    lines = client_of(alice).get("/api/v1/videos").json()["data"]
    assert [each["cost"] for each in lines] == [0]


def test_the_usage_is_the_ledgers_sum_whatever_became_of_the_videos(paid: Backend, alice: User):
    """Reserved, charged at its true price, failed free of charge, failed for money and paid for anew."""
    make(alice)
    finish(accept(make(alice), "job_2"), Decimal("0.47"))
    lifecycle.fail_generation(accept(make(alice), "job_3").pk, "job_3", REFUSED)
    Backend.objects.update(charges_failures=True)
    failed = accept(make(alice), "job_4")
    lifecycle.fail_generation(failed.pk, "job_4", REFUSED)
    failed.refresh_from_db()
    assert retry_video(failed)
    accept(failed, "job_5")

    spent = sums()[1]

    assert spent == Decimal("1.27")
    assert _usage(alice)["total"]["dollars"] == float(spent)
    today = timezone.localdate()
    total = summarize_usage(alice, today - timedelta(days=1), today).total
    assert (total.dollars, total.charged) == (spent, Decimal("0.47"))
