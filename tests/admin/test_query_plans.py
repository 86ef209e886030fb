"""Of many videos the administration reads those that it shows, by an index, on SQLite too."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.urls import reverse

from tests.factories import BackendFactory
from videos.services import dashboard

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by what the tables hold"),
]
LIST = reverse("admin:videos_video_changelist")


@pytest.fixture
def plan_of():
    """Return how SQLite finds the videos of each query of some work, a line for each step."""

    def plan(work: Callable[[], object]) -> list[str]:
        found: list[str] = []

        def explain(execute, sql, params, many, context):
            if sql.startswith("SELECT") and 'FROM "videos_video"' in sql:
                with connection.cursor() as cursor:
                    steps = cursor.connection.execute(f"EXPLAIN QUERY PLAN {sql % _marks(params)}", params)
                    found.extend(step[3] for step in steps)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(explain):
            work()
        return found

    return plan


def _marks(params) -> tuple[str, ...]:
    return ("?",) * len(params)


def test_the_last_day_is_read_by_when_videos_ended(plan_of):
    plan = plan_of(dashboard.last_day)
    assert any("video_team_finished" in step for step in plan)
    assert any("video_trash" in step for step in plan)
    assert not any("state=" in step for step in plan)


@pytest.mark.parametrize("query", [{"cost": "free"}, {"cost_from": "10"}])
def test_videos_of_a_cost_are_found_by_it(as_carol, plan_of, query):
    assert any("video_cost" in step for step in plan_of(lambda: as_carol.get(LIST, query)))


def test_the_few_videos_that_ended_lately_are_found_by_when_they_did(as_carol, plan_of):
    plan = plan_of(lambda: as_carol.get(LIST, {"ended": "week"}))
    assert any("video_team_finished" in step for step in plan)
    assert "SCAN videos_video" not in plan


def test_a_job_is_found_by_its_id(as_carol, plan_of):
    BackendFactory()
    plan = plan_of(lambda: as_carol.get(LIST, {"q": "job_1"}))
    assert any("one_video_per_backend_job" in step for step in plan)
