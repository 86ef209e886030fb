"""Secrets and signatures as Standard Webhooks has them (https://www.standardwebhooks.com, 1.0.0)."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

PREFIX = "whsec_"
_SECRET_BYTES = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    """Return a secret for both sides: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(message_id: str, timestamp: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Return the three headers of a message sent at `timestamp` (Unix time), with a signature by each key."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [hmac.digest(base64.b64decode(key.removeprefix(PREFIX)), signed, sha256) for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in signatures),
    }
