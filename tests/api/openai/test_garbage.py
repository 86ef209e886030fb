"""Whatever is sent, in whatever guise: an answer in the protocol's shape, and never a 5xx."""

import json
import re
from urllib.parse import quote

from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videos.models import Video

# The database of one test serves all its examples, so that what they make is kept apart by nothing.
_MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

_PATHS = [
    "/v1/videos",
    "/v1/videos/edits",
    "/v1/videos/extensions",
    "/v1/videos/characters",
    "/v1/videos/x/remix",
]
_NAMES = [
    *("prompt", "model", "seconds", "size", "input_reference", "characters", "video", "name"),
    *("video[id]", "characters[][id]", "input_reference[image_url]", "characters[", "[]", "video[id][id]"),
]
_KINDS = [
    *("application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", ""),
    *(
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-16",
        "x/y; charset=no",
    ),
    *(
        "multipart/form-data; boundary=x; charset=no-such",
        "application/json; charset=latin-1",
        "multipart/mixed",
    ),
]
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["A", "4", "sora-2"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "image_url", "url"]), inner)
    ),
    max_leaves=6,
)
_OBJECTS = st.dictionaries(st.sampled_from(_NAMES), _VALUES).map(lambda value: json.dumps(value).encode())
_PART = st.tuples(
    st.sampled_from(_NAMES),
    st.sampled_from(["", '; filename="a"', "; filename*=x''%ff"]),
    st.binary(max_size=40),
)
_FORMS = st.lists(_PART, max_size=5).map(
    lambda parts: (
        b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (n.encode(), f.encode(), v)
            for n, f, v in parts
        )
        + b"--x--\r\n"
    )
)
_BODIES = (
    st.binary(max_size=200)
    | _OBJECTS
    | _FORMS
    | st.text(max_size=80).map(lambda text: f"prompt={quote(text)}".encode())
)


def _is_in_shape(reply) -> None:
    assert reply.status_code < 500, reply.content
    if reply.status_code >= 400:
        assert set(reply.json()) == {"error"}
        assert set(reply.json()["error"]) == {"type", "code", "message", "param"}


@_MANY
@given(path=st.sampled_from(_PATHS), kind=st.sampled_from(_KINDS), body=_BODIES)
def test_bodies(client: Client, settings, path: str, kind: str, body: bytes):
    settings.API_REQUESTS_PER_MINUTE = 10**9
    before = Video.objects.count()

    reply = client.generic("POST", path, body, content_type=kind)

    _is_in_shape(reply)
    assert Video.objects.count() == before + (reply.status_code == 200)


@_MANY
@given(
    path=st.text(max_size=40),
    query=st.dictionaries(st.sampled_from(["after", "limit", "order", "variant"]), st.text(max_size=10)),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]),
)
def test_addresses(client: Client, settings, path: str, query: dict[str, str], method: str):
    settings.API_REQUESTS_PER_MINUTE = 10**9
    address = "/v1/videos" + quote(path, safe="/", errors="replace")
    asked = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in query.items())

    reply = client.generic(method, f"{address}?{asked}")

    assert reply.status_code < 500
    if method != "HEAD" and re.match("/v1/", address):
        _is_in_shape(reply)


@_MANY
@given(
    authorization=st.text(st.characters(max_codepoint=255), max_size=40),
    retry=st.text(st.characters(max_codepoint=255), max_size=10),
    key=st.text(st.characters(max_codepoint=255), max_size=300),
)
def test_headers(client: Client, anyone: Client, settings, authorization: str, retry: str, key: str):
    settings.API_REQUESTS_PER_MINUTE = 10**9
    headers = {"X-Stainless-Retry-Count": retry, "Idempotency-Key": key}

    _is_in_shape(client.post("/v1/videos", {"prompt": "A"}, content_type="application/json", headers=headers))
    _is_in_shape(anyone.get("/v1/videos", headers={**headers, "Authorization": authorization}))
