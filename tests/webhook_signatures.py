"""Webhooks as services sign them, each in its own words."""

import base64
import hmac
from hashlib import sha256
from itertools import count

_numbers = count(1)


def sign_standard(secret: str, body: bytes, *, at: float, identifier: str = "") -> dict[str, str]:
    """Return the headers of Standard Webhooks, as OpenAI sends them."""
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    identifier = identifier or f"wh_{next(_numbers)}"
    signed = f"{identifier}.{int(at)}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, sha256)).decode()
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1,{signature}",
    }


def sign_openrouter(secret: str, body: bytes, *, at: float) -> dict[str, str]:
    """Return the headers of OpenRouter."""
    signature = hmac.digest(secret.encode(), f"{int(at)},".encode() + body, sha256).hex()
    return {
        "x-openrouter-signature": f"t={int(at)},v1={signature}",
        "x-openrouter-idempotency-key": f"key-{next(_numbers)}",
    }
