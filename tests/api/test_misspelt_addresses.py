"""Addresses that are almost right are refused in the shape of the APIs, and the right one is named."""

import pytest
from django.test import Client

from accounts.models import User
from tests.api.rest.conftest import client_of, refused
from tests.factories import VideoFactory
from videos.models import State

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/V1/videos", "/v1/videos"),
        ("/v1/Videos", "/v1/videos"),
        ("/v1/videos/", "/v1/videos"),
        ("/v1//videos", "/v1/videos"),
        ("/API/v1/videos/generate", "/api/v1/videos/generate"),
        ("/Api/V1/models", "/api/v1/models"),
        ("/api/v1/Models", "/api/v1/models"),
        ("/api/v1/videos/generate/", "/api/v1/videos/generate"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_right_address_is_named(client: Client, path, meant, method):
    assert f"try {meant}." in refused(getattr(client, method)(path), 404)


@pytest.mark.parametrize(
    "path", ["/v1", "/V1/", "/api", "/API/", "/api/v2/videos", "/V1/nothing", "/v1/v1/videos"]
)
def test_there_is_no_hint_where_there_is_nothing(client: Client, path):
    assert "try" not in refused(client.get(path), 404)


def test_a_slash_too_many_in_front_is_an_address_of_the_api(client: Client):
    response = client.get("/", PATH_INFO="//v1/videos")  # as a base URL that ends in a slash makes it
    assert "try /v1/videos." in refused(response, 404)


@pytest.mark.parametrize("path", ["/v1x", "/apiary", "/library/v1"])
def test_a_page_stays_a_page(as_alice: Client, path):
    assert "application/json" not in as_alice.get(path)["Content-Type"]


@pytest.mark.parametrize("path", ["/v1/videos/{}/content", "/api/v1/videos/{}/download"])
def test_a_range_past_the_end_is_refused_in_the_shape(alice: User, finished, path):
    path = path.format(finished().public_id)
    response = client_of(alice).get(path, headers={"Range": "bytes=99999-"})

    refused(response, 416, code="range_not_satisfiable")
    assert response["Content-Range"] == "bytes */2048"


@pytest.mark.parametrize("path", ["/v1/videos", "/api/v1/videos", "/api/openapi.json", "/v1/models"])
def test_what_fails_before_a_view_is_told_in_the_shape(alice: User, monkeypatch, caplog, path):
    def fail(*args: object) -> None:
        raise RuntimeError("the middleware is on fire")

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", fail)
    response = Client(raise_request_exception=False).get(path)

    assert "fire" not in refused(response, 500, code="internal_error")
    assert "the middleware is on fire" in caplog.text


@pytest.mark.parametrize(
    ("path", "method"),
    [
        *(("/v1/videos/{}", method) for method in ("put", "patch", "options", "trace")),
        *(("/api/v1/videos/{}", method) for method in ("put", "options", "trace")),
    ],
)
def test_a_method_that_is_not_possible_names_those_that_are(alice: User, method, path):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    response = getattr(client_of(alice), method)(path.format(video.public_id))

    assert "use" in refused(response, 405, code="method_not_allowed")
    assert "GET" in response["Allow"]
