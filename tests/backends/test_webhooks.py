"""Signatures of webhooks, each scheme by its own rules; OpenAI's SDK judges ours."""

import base64
import json

import openai
import pytest

from tests.webhook_signatures import sign_openrouter, sign_standard
from videos.backends.webhooks import TOLERANCE, BadSignatureError, find_job_id, verify

NOW = 1_790_000_000.0
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ....").decode()
BODY = json.dumps({"type": "video.completed", "data": {"id": "video_1"}}).encode()


def signed(service: str, *, secret: str = SECRET, body: bytes = BODY, at: float = NOW) -> dict[str, str]:
    sign = sign_openrouter if service == "openrouter" else sign_standard
    return sign(secret, body, at=at)


every_scheme = pytest.mark.parametrize("service", ["videos-api", "openrouter"])


@every_scheme
@pytest.mark.parametrize("secret", [SECRET, "plain-text secret ü"])
def test_what_is_signed_with_the_secret_is_taken(service: str, secret: str):
    headers = signed(service, secret=secret)

    assert verify(service, secret, headers, BODY, now=NOW) == verify(service, secret, headers, BODY, now=NOW)


def test_openais_own_sdk_takes_the_same_signature(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("time.time", lambda: NOW)
    client = openai.OpenAI(api_key="x", base_url="http://127.0.0.1:1")

    client.webhooks.verify_signature(BODY.decode(), signed("videos-api"), secret=SECRET)
    with pytest.raises(openai.InvalidWebhookSignatureError):
        client.webhooks.verify_signature("{}", signed("videos-api"), secret=SECRET)


@every_scheme
def test_each_delivery_is_told_apart(service: str):
    names = {verify(service, SECRET, signed(service, at=NOW + number), BODY, now=NOW) for number in range(3)}
    assert len(names) == 3


def test_of_openrouter_a_changed_idempotency_key_is_no_other_delivery():
    headers = signed("openrouter")
    changed = {**headers, "x-openrouter-idempotency-key": "another"}

    assert verify("openrouter", SECRET, headers, BODY, now=NOW) == verify(
        "openrouter", SECRET, changed, BODY, now=NOW
    )


@every_scheme
@pytest.mark.parametrize("body", [BODY + b" ", BODY[:-1], b"", BODY.replace(b"1", b"2")])
def test_a_changed_body_is_refused(service: str, body: bytes):
    with pytest.raises(BadSignatureError):
        verify(service, SECRET, signed(service), body, now=NOW)


@every_scheme
def test_another_secret_is_refused(service: str):
    with pytest.raises(BadSignatureError):
        verify(service, SECRET, signed(service, secret="another"), BODY, now=NOW)


@every_scheme
@pytest.mark.parametrize("distance", [-TOLERANCE - 2, TOLERANCE + 2])
def test_a_timestamp_far_from_now_is_refused(service: str, distance: float):
    with pytest.raises(BadSignatureError, match="timestamp"):
        verify(service, SECRET, signed(service, at=NOW + distance), BODY, now=NOW)


@every_scheme
@pytest.mark.parametrize("distance", [-TOLERANCE + 2, TOLERANCE - 2])
def test_a_timestamp_of_five_minutes_is_taken(service: str, distance: float):
    assert verify(service, SECRET, signed(service, at=NOW + distance), BODY, now=NOW)


@every_scheme
def test_one_schemes_signature_is_not_the_others(service: str):
    other = {"videos-api": "openrouter", "openrouter": "videos-api"}[service]
    with pytest.raises(BadSignatureError):
        verify(service, SECRET, signed(other), BODY, now=NOW)


def test_a_service_that_changes_its_secret_signs_with_both():
    old, new = signed("videos-api", secret="old"), signed("videos-api")
    both = {**new, "webhook-signature": f"{old['webhook-signature']} {new['webhook-signature']}"}

    assert verify("videos-api", SECRET, both, BODY, now=NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-id": "msg"},
        {"webhook-id": "msg", "webhook-timestamp": "now"},
        {"webhook-id": "msg", "webhook-timestamp": "1" * 5000},
        {"webhook-id": "msg", "webhook-timestamp": str(int(NOW))},
        {"webhook-id": "msg", "webhook-timestamp": str(int(NOW)), "webhook-signature": "v1," * 9999},
        {"webhook-id": "msg", "webhook-timestamp": str(int(NOW)), "webhook-signature": "v1,é v1a,x"},
        {"webhook-id": "é", "webhook-timestamp": str(int(NOW)), "webhook-signature": "v1,x"},
        {"x-openrouter-signature": ""},
        {"x-openrouter-signature": "t=,v1="},
        {"x-openrouter-signature": f"t={int(NOW)}"},
        {"x-openrouter-signature": f"v1=é,t={int(NOW)},,=,="},
    ],
)
@every_scheme
def test_headers_that_make_no_sense_are_refused(service: str, headers: dict[str, str]):
    with pytest.raises(BadSignatureError):
        verify(service, SECRET, headers, BODY, now=NOW)


def test_a_secret_that_is_no_base64_is_refused():
    with pytest.raises(BadSignatureError, match="no base64"):
        verify("videos-api", "whsec_!", signed("videos-api"), BODY, now=NOW)


@pytest.mark.parametrize(
    ("body", "job_id"),
    [
        (BODY, "video_1"),
        (b"", None),
        (b"\xff", None),
        (b"[]", None),
        (b"{}", None),
        (b'{"data": []}', None),
        (b'{"data": {"id": 4}}', None),
        (b'{"data": {"id": ""}}', None),
        (b"[" * 50_000, None),
    ],
)
def test_the_job_is_read_of_any_body(body: bytes, job_id: str | None):
    assert find_job_id(body) == job_id
