"""Webhooks that the studio sends, managed with a token."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from contentgen import encryption
from tests.api.rest.conftest import client_of
from webhooks import endpoints
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState, Message

pytestmark = pytest.mark.django_db
URL = "/api/v1/webhooks"
BODY = {"url": "https://hooks.example.org/x", "kinds": ["video.completed"], "description": "Slack"}


def _post(client: Client, path: str = "", body: dict[str, object] | None = None):
    return client.post(f"{URL}{path}", body or {}, content_type="application/json")


def _patch(client: Client, path: str, body: dict[str, object]):
    return client.patch(f"{URL}{path}", body, content_type="application/json")


@pytest.fixture
def endpoint(alice: User) -> Endpoint:
    return endpoints.create(alice, url="https://hooks.example.org/x", kinds=["video.completed"])[0]


def _delivery(endpoint: Endpoint, **fields: object) -> Delivery:
    message = Message.objects.create(kind="video.failed", user=endpoint.owner, body="{}")
    return Delivery.objects.create(endpoint=endpoint, message=message, **fields)


def _failed(endpoint: Endpoint, **fields: object) -> Delivery:
    return _delivery(endpoint, state=DeliveryState.FAILED, due_at=None, attempts=9, error="No.", **fields)


def test_one_is_created_and_its_secret_told_once(program: Client, alice: User):
    made = _post(program, body=BODY)
    assert made.status_code == 200
    created = made.json()
    assert encryption.decrypt(Endpoint.objects.get().secret) == created.pop("secret")
    assert created["state"] == "active"
    assert (created["url"], created["kinds"], created["studio_wide"]) == (BODY["url"], BODY["kinds"], False)
    assert "no-cache" in made["Cache-Control"]

    assert program.get(f"{URL}/{created['id']}").json() == created
    assert program.get(URL).json() == {"object": "list", "data": [created]}
    assert "whsec_" not in program.get(URL).content.decode()


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"url": "http://127.0.0.1/"}, 422, "url"),
        ({"url": "x\x00"}, 422, "url"),
        ({"url": "https://\ud800.example/"}, 422, "url"),
        ({"url": 5}, 422, "url"),
        ({"kinds": []}, 422, "kinds"),
        ({"kinds": ["video.nothing"]}, 422, "kinds.0"),
        ({"description": "x" * 201}, 422, "description"),
        ({"description": "a\x00"}, 422, "description"),
        ({"studio_wide": True}, 422, "studio_wide"),
        ({"secret": "whsec_mine"}, 400, "secret"),
    ],
)
def test_what_is_wrong_is_refused_by_name(program: Client, change, status, param):
    response = _post(program, body=BODY | change)

    assert (response.status_code, response.json()["error"]["param"]) == (status, param), response.json()
    assert not Endpoint.objects.exists()


def test_a_manager_hears_of_everybody(alice: User, program: Client):
    alice.role = Role.MANAGER
    alice.save()
    assert _post(program, body=BODY | {"studio_wide": True}).json()["studio_wide"] is True


def test_there_are_not_more_than_so_many(program: Client, endpoint: Endpoint, monkeypatch):
    monkeypatch.setattr(endpoints, "MAX_ENDPOINTS", 1)
    response = _post(program, body=BODY)

    assert (response.status_code, response.json()["error"]["code"]) == (409, "not_possible_now")
    assert Endpoint.objects.count() == 1


def test_it_is_changed_paused_and_goes_on(program: Client, endpoint: Endpoint):
    path = f"/{endpoint.public_id}"
    changed = _patch(program, path, {"kinds": ["video.failed"], "state": "paused", "url": None}).json()
    assert (changed["kinds"], changed["state"], changed["url"]) == (["video.failed"], "paused", BODY["url"])
    assert _patch(program, path, {"state": "active"}).json()["state"] == "active"
    assert _patch(program, path, {"url": "ftp://x/"}).status_code == 422
    assert _patch(program, path, {"state": "disabled"}).status_code == 422
    assert Endpoint.objects.get().kinds == ["video.failed"]


def test_it_is_deleted(program: Client, endpoint: Endpoint):
    response = program.delete(f"{URL}/{endpoint.public_id}")

    assert response.json() == {"id": endpoint.public_id, "object": "webhook.deleted", "deleted": True}
    assert not Endpoint.objects.exists()
    assert program.delete(f"{URL}/{endpoint.public_id}").status_code == 404


def test_its_secret_is_rotated(program: Client, endpoint: Endpoint):
    secret = _post(program, f"/{endpoint.public_id}/rotate-secret").json()["secret"]

    changed = Endpoint.objects.get()
    assert encryption.decrypt(changed.secret) == secret
    assert changed.former_secret == endpoint.secret


def test_a_test_is_sent(program: Client, endpoint: Endpoint):
    sent = _post(program, f"/{endpoint.public_id}/test").json()
    assert (sent["kind"], sent["state"], sent["attempts"]) == ("webhook.test", "pending", 0)
    assert sent["message_id"] == Message.objects.get().public_id

    endpoints.pause(endpoint)
    assert _post(program, f"/{endpoint.public_id}/test").status_code == 409


def test_the_log_has_pages(program: Client, endpoint: Endpoint):
    rows = [_delivery(endpoint) for _ in range(5)]
    path = f"{URL}/{endpoint.public_id}/deliveries"
    first = program.get(path, {"limit": 3}).json()
    assert [each["id"] for each in first["data"]] == [each.public_id for each in rows[:1:-1]]
    assert first["has_more"] is True
    second = program.get(path, {"limit": 3, "after": first["next"]}).json()
    assert [each["id"] for each in second["data"]] == [rows[1].public_id, rows[0].public_id]
    assert (second["has_more"], second["next"]) == (False, None)

    assert program.get(path, {"state": "failed"}).json()["data"] == []
    assert program.get(path, {"state": "lost"}).status_code == 422
    assert program.get(path, {"after": "dlv_nowhere"}).status_code == 404
    assert program.get(path, {"limit": 101}).status_code == 422
    assert program.get(path, {"page": 2}).status_code == 400


def test_one_is_sent_again(program: Client, endpoint: Endpoint):
    failed = _failed(endpoint)
    path = f"/{endpoint.public_id}/deliveries/{failed.public_id}/resend"
    sent = _post(program, path).json()
    assert (sent["id"], sent["state"], sent["attempts"]) == (failed.public_id, "pending", 0)
    assert _post(program, path).status_code == 409
    assert _post(program, f"/{endpoint.public_id}/deliveries/dlv_none/resend").status_code == 404


def test_all_that_failed_since_are_sent_again(program: Client, endpoint: Endpoint):
    _failed(endpoint, created_at=timezone.now() - timedelta(days=2))
    recent = _failed(endpoint)
    since = int((timezone.now() - timedelta(days=1)).timestamp())
    path = f"/{endpoint.public_id}/resend-failed"

    assert _post(program, path, {"since": since}).json() == {"object": "webhook.resent", "count": 1}
    assert Delivery.objects.get(state=DeliveryState.PENDING) == recent
    for wrong in (-1, 10**18, "yesterday"):
        assert _post(program, path, {"since": wrong}).status_code == 422


WRITES = ("", "/{0}/rotate-secret", "/{0}/test", "/{0}/resend-failed", "/{0}/deliveries/{1}/resend")


def test_a_read_token_only_reads(reader: Client, endpoint: Endpoint):
    failed = _failed(endpoint)
    before = Endpoint.objects.values().get()
    for path in WRITES:
        response = _post(reader, path.format(endpoint.public_id, failed.public_id), BODY)
        assert response.json()["error"]["code"] == "insufficient_scope"
    assert _patch(reader, f"/{endpoint.public_id}", {"state": "paused"}).status_code == 403
    assert reader.delete(f"{URL}/{endpoint.public_id}").status_code == 403
    assert reader.get(f"{URL}/{endpoint.public_id}").status_code == 200
    assert Endpoint.objects.values().get() == before


def test_a_viewer_only_reads(program: Client, alice: User, endpoint: Endpoint):
    alice.role = Role.VIEWER
    alice.save()

    assert _post(program, body=BODY).json()["error"]["code"] == "insufficient_role"
    assert program.get(URL).status_code == 200


def test_a_stranger_finds_nothing(strangers: list[Client], endpoint: Endpoint):
    failed = _failed(endpoint)
    for stranger in strangers:
        assert stranger.get(URL).json()["data"] == []
        for path in WRITES[1:]:
            address = path.format(endpoint.public_id, failed.public_id)
            assert (
                _post(stranger, address, {"since": 0} if "resend-failed" in path else {}).status_code == 404
            )
        assert stranger.get(f"{URL}/{endpoint.public_id}").status_code == 404
        assert stranger.get(f"{URL}/{endpoint.public_id}/deliveries").status_code == 404
        assert _patch(stranger, f"/{endpoint.public_id}", {"state": "paused"}).status_code == 404
        assert stranger.delete(f"{URL}/{endpoint.public_id}").status_code == 404
    assert Endpoint.objects.get().state == EndpointState.ACTIVE


def test_a_delivery_of_another_webhook_is_not_found(program: Client, bob: User, endpoint: Endpoint):
    other, _ = endpoints.create(bob, url="https://hooks.example.org/b", kinds=["video.failed"])
    failed = _failed(other)

    assert _post(program, f"/{endpoint.public_id}/deliveries/{failed.public_id}/resend").status_code == 404
    assert client_of(bob).get(f"{URL}/{other.public_id}/deliveries").json()["data"][0]["error"] == "No."
