"""Webhooks of services: whether a service sent one, and which job it names. Nothing else of it is believed.

Signatures are over the raw bytes of the body, so it is read only once they are known to be right. They are
compared in constant time.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from hashlib import sha256

from videos.backends.responses import MAX_ID_LENGTH, parse_json, parse_text

TOLERANCE = 300.0  # seconds by which a timestamp may differ from our clock
_SECRET_PREFIX = "whsec_"  # noqa: S105  # how Standard Webhooks marks a secret in base64
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_MAX_SIGNATURES = 10  # in one header: a service that is changing its secret signs with both


class BadSignatureError(Exception):
    """The webhook was not signed with the secret, or not lately. The message is for the log."""


def verify(service: str, secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """Return what tells this delivery from every other one of its sender, for whom a repetition is the same.

    `service` is a name in `service_kinds`, `headers` are looked up without regard to case, `now` is the Unix
    time. Raises `BadSignatureError`.
    """
    return _VERIFIERS.get(service, _verify_standard)(secret, headers, body, now)


def find_job_id(body: bytes) -> str | None:
    """Return the id of the job that the body is about, in `data.id` as OpenAI and OpenRouter have it."""
    payload = parse_json(body)
    data = payload.get("data") if isinstance(payload, dict) else None
    return parse_text(data.get("id"), MAX_ID_LENGTH) if isinstance(data, dict) else None


def _verify_standard(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """Verify as Standard Webhooks 1.0 and OpenAI's SDK do: `v1,` and base64 of the HMAC of id.time.body."""
    identifier, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not identifier or not identifier.isascii():
        raise BadSignatureError("it has no webhook-id")
    _require_fresh(timestamp, now)
    signed = f"{identifier}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.digest(_standard_key(secret), signed, sha256)).decode()
    versions = (each.partition(",") for each in headers.get("webhook-signature", "").split(" "))
    _require_match(expected, [value for version, _, value in versions if version == "v1"])
    return f"id {identifier}"


def _standard_key(secret: str) -> bytes:
    if not secret.startswith(_SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSignatureError("the secret begins with whsec_ and goes on with what is no base64") from error


def _verify_openrouter(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """Verify `X-OpenRouter-Signature: t=…,v1=…`, the HMAC of time,body in hexadecimal.

    Its X-OpenRouter-Idempotency-Key is not signed, so whoever repeats a delivery could change it: the
    signature itself tells deliveries apart.
    """
    fields = [each.strip().partition("=") for each in headers.get("x-openrouter-signature", "").split(",")]
    timestamp = next((value for name, _, value in fields if name == "t"), "")
    _require_fresh(timestamp, now)
    expected = hmac.digest(secret.encode(), f"{timestamp},".encode() + body, sha256).hex()
    _require_match(expected, [value for name, _, value in fields if name == "v1"])
    return f"signature {expected}"


_Verifier = Callable[[str, Mapping[str, str], bytes, float], str]
_VERIFIERS: dict[str, _Verifier] = {"openrouter": _verify_openrouter}


def _require_fresh(timestamp: str, now: float) -> None:
    if not _TIMESTAMP.fullmatch(timestamp):
        raise BadSignatureError("it has no timestamp")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise BadSignatureError(f"its timestamp is {now - int(timestamp):.0f} s old")


def _require_match(expected: str, signatures: list[str]) -> None:
    candidates = signatures[:_MAX_SIGNATURES]
    if not any(hmac.compare_digest(expected.encode(), each.encode()) for each in candidates):
        raise BadSignatureError("its signature is not one by this secret")
