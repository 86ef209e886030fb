"""Batches over REST: made of rows or a file, followed, acted on, and nobody else's."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.models import Budget, Scope
from billing.periods import Period
from tests.batches.conftest import priced, work  # noqa: F401  # fixtures here too
from videos.models import Batch, BatchState, Collection, Video

pytestmark = pytest.mark.django_db

URL = "/api/v1/batches"
ROWS = {"rows": [{"prompt": "A fox", "key": "one"}, {"prompt": "A bear", "seconds": 8}]}


def _post(client, data=ROWS, url=URL, **headers):
    return client.post(url, data, content_type="application/json", headers=headers)


def test_rows_become_a_batch_that_starts_at_once(as_alice, alice, work):  # noqa: F811
    body = _post(as_alice, ROWS | {"name": "Animals"}).json()
    assert (body["object"], body["name"], body["status"], body["rows"]) == ("batch", "Animals", "creating", 2)
    assert body["counts"]["waiting"] == 2
    batch = Batch.objects.get(public_id=body["id"], owner=alice)
    work(batch)
    rows = as_alice.get(f"{URL}/{body['id']}/rows").json()
    assert [(row["key"], row["status"], row["seconds"]) for row in rows["data"]] == [
        ("one", "waiting", 4),
        ("#2", "waiting", 8),
    ]
    assert rows["data"][0]["video"] == Video.objects.get(prompt="A fox").public_id
    assert as_alice.get(f"{URL}/{body['id']}").json()["status"] == "running"


def test_a_file_and_a_template_in_a_form(as_alice):
    file = SimpleUploadedFile("cities.csv", b"city\nParis\nTokyo\n")
    body = as_alice.post(URL, {"file": file, "template": "{city} at dawn", "start": "false"}).json()
    assert (body["status"], body["rows"], body["name"]) == ("ready", 2, "cities.csv")
    assert not Video.objects.exists()
    assert as_alice.post(f"{URL}/{body['id']}/start").json()["status"] == "creating"
    assert as_alice.post(f"{URL}/{body['id']}/start").status_code == 409


def test_faults_are_listed_and_nothing_is_kept(as_alice):
    response = _post(as_alice, {"rows": [{"prompt": "A"}, {"prompt": "", "seconds": 5}]})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (422, "invalid_rows", "rows")
    assert {"place": "entry 2", "column": "prompt", "message": "the prompt is missing."} in error["faults"]
    assert not Batch.objects.exists()


@pytest.mark.parametrize("data", [{}, {"rows": []}, {"rows": [], "template": "{a}"}, {"template": "{a"}])
def test_a_batch_of_nothing_is_refused(as_alice, data):
    assert _post(as_alice, data).status_code == 422
    assert not Batch.objects.exists()


def test_an_unknown_field_is_refused_by_name(as_alice):
    response = _post(as_alice, ROWS | {"colour": "red"})
    assert response.json()["error"]["param"] == "colour"


def test_the_same_key_makes_one_batch(as_alice):
    first = _post(as_alice, **{"Idempotency-Key": "a"})
    second = _post(as_alice, **{"Idempotency-Key": "a"})
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert _post(as_alice, **{"Idempotency-Key": "b"}).json()["id"] != first.json()["id"]


@pytest.mark.parametrize("other", [{"rows": [{"prompt": "A fox"}]}, ROWS | {"start": False}])
def test_a_key_for_something_else_is_refused(as_alice, other):
    _post(as_alice, **{"Idempotency-Key": "a"})
    response = _post(as_alice, other, **{"Idempotency-Key": "a"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "idempotency_key_reused")
    video = {"prompt": "A fox", "model": "sora-2", "seconds": 4, "size": "1280x720"}
    response = _post(as_alice, video, "/api/v1/videos/generate", **{"Idempotency-Key": "a"})
    assert response.status_code == 409
    assert Batch.objects.count() == 1
    assert not Video.objects.exists()


def test_a_key_with_other_images_is_refused(as_alice):
    def post(name: bytes):
        file = SimpleUploadedFile("one.csv", b"prompt\nA fox\n")
        images = SimpleUploadedFile("images.zip", b"PK\x05\x06" + bytes(18) if name else b"no ZIP")
        return as_alice.post(URL, {"file": file, "images": images}, headers={"Idempotency-Key": "a"})

    assert post(b"empty").status_code == 200
    assert post(b"").status_code == 409


def test_the_key_of_a_discarded_batch_is_free_again(as_alice):
    first = _post(as_alice, ROWS | {"start": False}, **{"Idempotency-Key": "a"}).json()["id"]
    as_alice.delete(f"{URL}/{first}")
    assert _post(as_alice, **{"Idempotency-Key": "a"}).status_code == 200


def test_all_rows_go_into_a_collection(as_alice, alice, work):  # noqa: F811
    collection = Collection.objects.create(owner=alice, name="Autumn")
    body = _post(as_alice, ROWS | {"collection": "autumn"}).json()
    work(Batch.objects.get(public_id=body["id"]))
    assert set(Video.objects.values_list("made_in", flat=True)) == {collection.pk}
    unknown = _post(as_alice, ROWS | {"collection": "Winter"}).json()["error"]
    assert "There is no collection “Winter”" in unknown["message"]


def test_a_budget_refuses_it_or_lets_a_part_through(as_alice, alice, priced, work):  # noqa: F811
    Budget.objects.create(scope=Scope.USER, user=alice, period=Period.TOTAL, amount=Decimal("1.5"))
    rows = {"rows": [{"prompt": str(n), "model": "paid-1", "seconds": 10} for n in range(3)]}
    response = _post(as_alice, rows)
    assert (response.status_code, response.json()["error"]["code"]) == (402, "budget_exceeded")
    assert not Batch.objects.exists()
    body = _post(as_alice, rows | {"partly": True}).json()
    work(Batch.objects.get(public_id=body["id"]))
    body = as_alice.get(f"{URL}/{body['id']}").json()
    assert body["status"] == "stopped"
    assert "has $0.50 left" in body["problem"]
    assert Video.objects.count() == 1


def test_it_is_paused_canceled_and_listed(as_alice, work):  # noqa: F811
    first, second = (_post(as_alice).json()["id"] for _ in range(2))
    assert as_alice.post(f"{URL}/{first}/pause").json()["paused"] is True
    assert as_alice.post(f"{URL}/{first}/resume").json()["paused"] is False
    assert as_alice.post(f"{URL}/{first}/cancel").json()["status"] == "canceling"
    work(Batch.objects.get(public_id=first))
    assert as_alice.get(f"{URL}/{first}").json()["counts"]["canceled"] == 2
    assert as_alice.post(f"{URL}/{first}/retry").status_code == 409
    page = as_alice.get(f"{URL}?limit=1").json()
    assert ([each["id"] for each in page["data"]], page["has_more"]) == ([second], True)
    rest = as_alice.get(f"{URL}?after={page['next']}").json()
    assert [each["id"] for each in rest["data"]] == [first]


def test_only_what_never_started_is_discarded(as_alice):
    ready = _post(as_alice, ROWS | {"start": False}).json()["id"]
    started = _post(as_alice).json()["id"]
    assert as_alice.delete(f"{URL}/{started}").status_code == 409
    assert as_alice.delete(f"{URL}/{ready}").json()["deleted"] is True
    assert Batch.objects.get().state == BatchState.CREATING


@pytest.mark.parametrize("name", ["", "/rows", "/start", "/pause", "/resume", "/cancel", "/retry"])
def test_a_stranger_finds_nothing(as_alice, as_bob, name):
    batch_id = _post(as_alice).json()["id"]
    call = as_bob.get if name in ("", "/rows") else as_bob.post
    assert call(f"{URL}/{batch_id}{name}").status_code == 404
    assert as_bob.get(URL).json()["data"] == []
