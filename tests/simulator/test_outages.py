"""Outages of the whole server: silence and refused connections, for a time."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest

from tests.simulator.conftest import Simulator, wait_until


def begin(simulator: Simulator, kind: str, seconds: float) -> None:
    reply = simulator.http.post("/_simulator/outage", json={"kind": kind, "seconds": seconds})
    assert reply.json() == {"kind": kind, "seconds": seconds}


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/v1/videos", "/files/a.mp4"])
def test_silence_accepts_the_connection_and_sends_nothing(simulator: Simulator, path: str) -> None:
    begin(simulator, "silent", 60)
    with pytest.raises(httpx2.ReadTimeout):
        simulator.http.get(path, timeout=0.2)
    begin(simulator, "silent", 0)

    assert simulator.http.get(path).status_code in (200, 404)


def test_nothing_is_accepted_in_silence(simulator: Simulator) -> None:
    begin(simulator, "silent", 60)
    with pytest.raises(httpx2.ReadTimeout):
        simulator.http.post("/v1/videos", json={"prompt": "a"}, timeout=0.2)

    assert simulator.ledger() == []


def test_silence_ends_by_itself(simulator: Simulator) -> None:
    began = time.monotonic()
    begin(simulator, "silent", 1.0)
    with pytest.raises(httpx2.RemoteProtocolError):
        simulator.http.get("/v1/videos")

    assert time.monotonic() - began >= 1.0
    assert simulator.http.get("/v1/videos").status_code == 200


def test_connections_are_refused_for_a_time(simulator: Simulator) -> None:
    job = simulator.create()
    began = time.monotonic()
    begin(simulator, "refused", 2.0)
    wait_until(lambda: not _answers(simulator))
    with pytest.raises(httpx2.ConnectError):
        simulator.http.get("/v1/videos")
    wait_until(lambda: _answers(simulator))

    assert time.monotonic() - began >= 2.0
    assert simulator.retrieve(job["id"])["id"] == job["id"]


def test_the_server_stops_during_an_outage(simulator: Simulator) -> None:
    # The fixture stops the server and fails the test when it does not end in time.
    begin(simulator, "refused", 60)
    wait_until(lambda: not _answers(simulator))


@pytest.mark.parametrize("body", [{}, {"kind": "silent"}, {"kind": "loud", "seconds": 1}, []])
def test_an_invalid_outage_is_refused(simulator: Simulator, body: Any) -> None:
    assert simulator.http.post("/_simulator/outage", json=body).status_code == 400
    assert simulator.http.get("/v1/videos").status_code == 200


def _answers(simulator: Simulator) -> bool:
    try:
        return simulator.http.get("/health", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
