"""Models, templates and what was spent."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.api.rest.conftest import refused
from tests.factories import VideoFactory
from tests.ledger import charge
from videos.models import Backend, PromptTemplate, State, VideoModel

pytestmark = pytest.mark.django_db


def test_it_tells_what_can_be_asked_for(program: Client, simulator: Backend):
    VideoModel.objects.filter(name="sora-2").update(price_per_second={"1280x720": "0.1", "*": "0.25"})
    (model,) = (each for each in program.get("/api/v1/models").json()["data"] if each["id"] == "sora-2")
    row = VideoModel.objects.get(name="sora-2")
    assert model == {
        "id": "sora-2",
        "object": "model",
        "label": row.label,
        "description": row.description,
        "default": True,
        "sizes": row.sizes,
        "seconds": row.seconds,
        "price_per_second": {"1280x720": 0.1, "*": 0.25},
        "last_frame": True,
        "max_references": 3,
        "parameters": model["parameters"],
        "estimated_price_per_second": {},
        "generation_timeout": 600,
        "backend": {
            "name": simulator.name,
            "simulator": True,
            "reference_images": True,
            "characters": True,
            "remix": True,
            "edit": True,
            "extend": True,
        },
        "stands_in_for": None,
    }


def test_it_tells_a_models_own_time_limit(program: Client, simulator: Backend):
    Backend.objects.update(generation_timeout=1200)
    VideoModel.objects.filter(name="sora-2").update(generation_timeout=7200)

    told = program.get("/api/v1/models").json()["data"]

    limits = {model["id"]: model["generation_timeout"] for model in told}
    assert limits == {"sora-2": 7200, "sora-2-pro": 1200}


def test_a_model_that_is_switched_off_is_not_told(program: Client, simulator: Backend):
    VideoModel.objects.update(enabled=False)
    assert program.get("/api/v1/models").json() == {"object": "list", "data": []}


def test_it_tells_the_templates(program: Client):
    PromptTemplate.objects.all().delete()
    PromptTemplate.objects.create(title="Off", prompt="x", enabled=False)
    row = PromptTemplate.objects.create(title="Boat", prompt="A boat", size="720x1280")
    assert program.get("/api/v1/templates").json()["data"] == [
        {
            "id": row.pk,
            "title": "Boat",
            "prompt": "A boat",
            "model": None,
            "seconds": None,
            "size": "720x1280",
            "parameters": {},
        }
    ]


def sums(videos: int, seconds: int, estimated: float, *, without_cost: int = 0) -> dict[str, float]:
    """A sum over videos of which only estimates are known."""
    return {
        "videos": videos,
        "seconds": seconds,
        "dollars": estimated,
        "charged_dollars": 0.0,
        "estimated_dollars": estimated,
        "cost_difference": 0.0,
        "without_cost": without_cost,
    }


class TestUsage:
    url = "/api/v1/usage"

    def spend(self, owner: User, at: datetime, price: str | None = "0.40", **fields: object) -> None:
        amount = None if price is None else Decimal(price)
        fields = {"state": State.COMPLETED, **fields}
        charge(VideoFactory(owner=owner, accepted_at=at, price=amount, **fields), at)

    def test_it_sums_by_model_and_day(self, program: Client, alice: User, bob: User):
        monday = datetime(2026, 3, 2, 12, tzinfo=UTC)
        self.spend(alice, monday)
        self.spend(alice, monday, "0.80", seconds=8)
        self.spend(alice, monday + timedelta(days=2), "3.60", seconds=12, model="sora-2-pro")
        self.spend(alice, monday, None, model="free")
        # Spent is spent.
        self.spend(alice, monday, "0.50", state=State.CANCELED, deleted_at=timezone.now())
        self.spend(alice, monday - timedelta(days=9), "9")
        self.spend(bob, monday, "9")
        VideoFactory(owner=alice, price=Decimal(9))  # never accepted

        body = program.get(self.url, {"from": "2026-03-01", "to": "2026-03-31"}).json()

        assert body == {
            "from": "2026-03-01",
            "to": "2026-03-31",
            "total": sums(5, 32, 5.3, without_cost=1),
            "by_model": [
                {"model": "sora-2-pro", **sums(1, 12, 3.6)},
                {"model": "sora-2", **sums(3, 16, 1.7)},
                {"model": "free", **sums(1, 4, 0.0, without_cost=1)},
            ],
            "by_day": [
                {"day": "2026-03-02", **sums(4, 20, 1.7, without_cost=1)},
                {"day": "2026-03-04", **sums(1, 12, 3.6)},
            ],
        }

    def test_both_days_are_included_in_the_studios_time(self, program: Client, alice: User, settings):
        settings.TIME_ZONE = "Europe/Berlin"  # an hour before UTC in winter
        for moment in ("2026-01-09T22:59Z", "2026-01-09T23:00Z", "2026-01-10T22:59Z", "2026-01-10T23:00Z"):
            self.spend(alice, datetime.fromisoformat(moment))
        body = program.get(self.url, {"from": "2026-01-10", "to": "2026-01-10"}).json()
        assert body["by_day"] == [{"day": "2026-01-10", **sums(2, 8, 0.8)}]

    def test_it_tells_of_the_last_30_days_by_default(self, program: Client, alice: User):
        today = timezone.localdate()
        body = program.get(self.url).json()
        assert (body["from"], body["to"]) == (str(today - timedelta(days=29)), str(today))
        assert body["total"] == sums(0, 0, 0.0)
        assert body["by_model"] == body["by_day"] == []

    @pytest.mark.parametrize(
        ("query", "param"),
        [
            ({"from": "2026-03-02", "to": "2026-03-01"}, "from"),
            ({"from": "2024-01-01", "to": "2026-01-01"}, "from"),
            ({"from": "yesterday"}, "from"),
            ({"to": "2026-02-30"}, "to"),
            ({"to": "9999-12-31"}, "to"),
            ({"from": "0001-01-01", "to": "2026-01-01"}, "from"),
        ],
    )
    def test_other_days_are_refused(self, program: Client, query, param):
        refused(program.get(self.url, query), 422, param=param)

    def test_a_whole_year_is_possible(self, program: Client):
        query = {"from": date(2024, 1, 1), "to": date(2024, 12, 31)}
        assert program.get(self.url, query).status_code == 200
