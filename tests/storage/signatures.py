"""A check of signatures in front of a server that makes none, written from AWS's description of version 4.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html. It knows nothing of the
library that signs. Nothing gets past it without a signature of the one key, nor later than it says.
"""

import hashlib
import hmac
import io
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_ALGORITHM = "AWS4-HMAC-SHA256"
_SKEW = timedelta(minutes=15)
_REFUSED = "<?xml version='1.0'?><Error><Code>{0}</Code><Message>{1}</Message></Error>"


class RefusedError(Exception):
    """A request that a store would not carry out, with the store's code and sentence."""


class SignatureCheck:
    """A WSGI application that passes on to another one what is signed with the secret of the key.

    `ahead` is how far its clock is ahead of the machine's.
    """

    def __init__(self, application: Application, key_id: str, secret: str) -> None:
        self._application, self._key_id, self._secret = application, key_id, secret
        self.ahead = timedelta(0)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            self._check(environ)
        except RefusedError as error:
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [_REFUSED.format(*error.args).encode()]
        return self._application(environ, start_response)

    def _check(self, environ: Environ) -> None:
        raw = urlsplit(environ["REQUEST_URI"])
        query = parse_qsl(raw.query, keep_blank_values=True)
        told = dict(query)
        now = datetime.now(UTC) + self.ahead
        if told.get("X-Amz-Algorithm") == _ALGORITHM:
            credential, signed, signature = (
                told[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature")
            )
            stamp, payload = told["X-Amz-Date"], "UNSIGNED-PAYLOAD"
            if now > _moment(stamp) + timedelta(seconds=int(told["X-Amz-Expires"])):
                raise RefusedError("AccessDenied", "Request has expired")
            query = [each for each in query if each[0] != "X-Amz-Signature"]
        else:
            credential, signed, signature = _authorization(environ.get("HTTP_AUTHORIZATION", ""))
            stamp, payload = environ["HTTP_X_AMZ_DATE"], _payload(environ)
            if abs(now - _moment(stamp)) > _SKEW:
                raise RefusedError("RequestTimeTooSkewed", "The difference between the times is too large.")
        key_id, _, scope = credential.partition("/")
        if key_id != self._key_id:
            raise RefusedError("InvalidAccessKeyId", "The access key id does not exist in our records.")
        request = "\n".join(
            [
                environ["REQUEST_METHOD"],
                quote(unquote(raw.path), safe="/-_.~"),
                "&".join(sorted(f"{_quoted(name)}={_quoted(value)}" for name, value in query)),
                *(f"{name}:{_header(environ, name)}" for name in signed.split(";")),
                "",
                signed,
                payload,
            ]
        )
        digest = hashlib.sha256(request.encode()).hexdigest()
        wanted = _hmac(self._key_for(scope), f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}").hex()
        if not hmac.compare_digest(wanted, signature):
            raise RefusedError("SignatureDoesNotMatch", "The signature does not match. Check your key.")

    def _key_for(self, scope: str) -> bytes:
        key = f"AWS4{self._secret}".encode()
        for part in scope.split("/"):
            key = _hmac(key, part)
        return key


def _authorization(header: str) -> list[str]:
    found = re.fullmatch(rf"{_ALGORITHM} Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)", header)
    if found is None:
        raise RefusedError("AccessDenied", "Access Denied")
    return list(found.groups())


def _payload(environ: Environ) -> str:
    """Return what the request says is the hash of its body, which is compared where it says a hash."""
    told: str = environ["HTTP_X_AMZ_CONTENT_SHA256"]
    if re.fullmatch("[0-9a-f]{64}", told):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if hashlib.sha256(body).hexdigest() != told:
            raise RefusedError("XAmzContentSHA256Mismatch", "The body has another hash than was signed.")
    return told


def _header(environ: Environ, name: str) -> str:
    plain = name.upper().replace("-", "_")
    return " ".join(str(environ.get(f"HTTP_{plain}", environ.get(plain, ""))).split())


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
