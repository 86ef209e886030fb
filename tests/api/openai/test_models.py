"""/v1/models."""

from django.test import Client

from videos.models import VideoModel
from videos.models.idempotency_record import RETENTION


def test_those_that_are_offered(client: Client, simulator):
    served = VideoModel.objects.create(name="Wan-AI/Wan2.2", label="Wan", sizes=["1280x720"], seconds=[4])
    served.backends.add(simulator)
    VideoModel.objects.create(name="nobody-serves-it", label="X", sizes=["1280x720"], seconds=[4])

    body = client.get("/v1/models").json()

    assert body["object"] == "list"
    assert {"sora-2", "Wan-AI/Wan2.2"} <= {model["id"] for model in body["data"]}
    assert "nobody-serves-it" not in {model["id"] for model in body["data"]}
    shown = {"id": "Wan-AI/Wan2.2", "object": "model", "created": 0, "owned_by": "Simulator"}
    assert client.get("/v1/models/Wan-AI/Wan2.2").json() == shown
    assert client.get("/v1/models/Wan-AI%2FWan2.2").json() == shown


def test_it_says_for_how_long_an_idempotency_key_is_honoured(client: Client, simulator):
    """A studio whose backend this is repeats a lost request on that promise."""
    assert int(client.get("/v1/models")["Idempotency-Key-Retention"]) == RETENTION.total_seconds() == 604_800


def test_one_that_is_not_there(client: Client, anyone: Client):
    reply = client.get("/v1/models/gpt-99")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")
    assert client.get("/v1/models/a%00b").status_code == 404
    assert anyone.get("/v1/models").status_code == 401
    assert anyone.get("/v1/models/sora-2").status_code == 401
