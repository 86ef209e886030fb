"""Listing videos."""

from __future__ import annotations

import pytest

from tests.simulator.conftest import Simulator


def test_it_pages_newest_first(simulator: Simulator) -> None:
    ids = [simulator.create(f"prompt {number}")["id"] for number in range(5)]
    first = simulator.http.get("/v1/videos?limit=2").json()
    rest = simulator.http.get(f"/v1/videos?limit=3&after={first['last_id']}").json()

    assert [job["id"] for job in first["data"]] == ids[:2:-1]
    assert (first["first_id"], first["last_id"], first["has_more"]) == (ids[4], ids[3], True)
    assert [job["id"] for job in rest["data"]] == ids[2::-1]
    assert rest["has_more"] is False


def test_it_pages_oldest_first(simulator: Simulator) -> None:
    ids = [simulator.create(f"prompt {number}")["id"] for number in range(3)]
    page = simulator.http.get(f"/v1/videos?order=asc&after={ids[0]}").json()

    assert [job["id"] for job in page["data"]] == ids[1:]


def test_it_lists_nothing(simulator: Simulator) -> None:
    empty = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}

    assert simulator.http.get("/v1/videos").json() == empty
    simulator.create()
    assert simulator.http.get("/v1/videos?limit=0").json() == {**empty, "has_more": True}


@pytest.mark.parametrize("query", ["limit=101", "limit=-1", "limit=x", "limit=²", "order=up", "after=nobody"])
def test_it_refuses_invalid_query_parameters(simulator: Simulator, query: str) -> None:
    response = simulator.http.get(f"/v1/videos?{query}")

    assert response.status_code == 400
    assert response.json()["error"]["param"] == query.partition("=")[0]
