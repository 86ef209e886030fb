"""The Idempotency-Key: recorded always, honoured by the quirk `honours_idempotency_key`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.simulator.conftest import Simulator, StartSimulator, make_image


def post(simulator: Simulator, key: str = "k1", prompt: str = "A lake") -> httpx2.Response:
    return simulator.http.post("/v1/videos", json={"prompt": prompt}, headers={"Idempotency-Key": key})


@pytest.fixture
def honouring(simulator: Simulator) -> Simulator:
    """A simulator that honours the key."""
    simulator.set_quirks(honours_idempotency_key=True)
    return simulator


def test_it_is_ignored_by_default_but_recorded(simulator: Simulator) -> None:
    first, second = post(simulator), post(simulator)
    simulator.create()

    assert first.json()["id"] != second.json()["id"]
    assert "idempotent-replayed" not in second.headers
    assert [entry["idempotency_key"] for entry in simulator.ledger()] == ["k1", "k1", None]


def test_the_same_key_answers_the_same_job(honouring: Simulator) -> None:
    first, second = post(honouring), post(honouring)

    assert second.json()["id"] == first.json()["id"]
    assert (second.status_code, second.headers["idempotent-replayed"]) == (200, "true")
    assert len(honouring.ledger()) == len(honouring.jobs()) == 1


def test_another_key_is_another_job(honouring: Simulator) -> None:
    assert post(honouring, "k1").json()["id"] != post(honouring, "k2").json()["id"]
    assert len(honouring.ledger()) == 2


def test_a_lost_answer_is_simply_asked_for_again(honouring: Simulator) -> None:
    honouring.inject_fault(on="create", kind="drop_reply", times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        post(honouring)

    assert post(honouring).json()["id"] == honouring.ledger()[0]["id"]
    assert len(honouring.ledger()) == 1


def test_the_same_key_at_the_same_instant(honouring: Simulator) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = {response.json()["id"] for response in pool.map(lambda _: post(honouring), range(16))}

    assert len(ids) == len(honouring.ledger()) == 1


def test_the_key_of_another_request_is_refused(honouring: Simulator) -> None:
    post(honouring)
    reply = post(honouring, prompt="A fox")

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert len(honouring.ledger()) == 1


def test_the_key_of_a_deleted_job_is_refused(honouring: Simulator) -> None:
    honouring.http.delete(f"/v1/videos/{post(honouring).json()['id']}")
    reply = post(honouring)

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "video_deleted")
    assert len(honouring.ledger()) == 1


def test_keys_survive_a_restart(start_simulator: StartSimulator) -> None:
    first = post(start_simulator()).json()["id"]
    again = start_simulator()
    again.set_quirks(honours_idempotency_key=True)

    assert post(again).json()["id"] == first


def test_a_remix_has_a_key_too(honouring: Simulator) -> None:
    job = honouring.create()
    headers = {"Idempotency-Key": "r1"}
    replies = [
        honouring.http.post(f"/v1/videos/{job['id']}/remix", json={"prompt": "b"}, headers=headers).json()
        for _ in range(2)
    ]

    assert replies[0]["id"] == replies[1]["id"]
    assert [entry["kind"] for entry in honouring.ledger()] == ["create", "remix"]


def test_the_ledger_tells_identical_prompts_apart_by_their_reference(simulator: Simulator) -> None:
    for image in (make_image(), make_image(kind="JPEG")):
        files = {"input_reference": ("a.png", image)}
        assert simulator.http.post("/v1/videos", data={"prompt": "a"}, files=files).status_code == 200
    simulator.create("a")
    first, second, third = (entry["reference"] for entry in simulator.ledger())

    assert first != second
    assert third is None


def test_the_list_of_models_says_whether_keys_are_honoured(simulator: Simulator) -> None:
    assert "idempotency-key-retention" not in simulator.http.get("/v1/models").headers
    simulator.set_quirks(honours_idempotency_key=True)
    assert simulator.http.get("/v1/models").headers["idempotency-key-retention"] == "604800"
