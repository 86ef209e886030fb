"""The short way of programs, and the answer to a wrong Host."""

import logging
from types import SimpleNamespace

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import resolve

from accounts.models import User
from contentgen.api_middleware import TokenRequestMiddleware
from tests.api.rest.conftest import client_of, refused
from tests.factories import VideoFactory

pytestmark = pytest.mark.django_db
PATHS = ["/v1/videos", "/api/v1/videos"]


@pytest.mark.parametrize("path", [*PATHS, "/api/", "/api/v1/nothing", "/v1/nothing"])
def test_a_wrong_host_is_refused_in_the_shape_with_one_line(client: Client, caplog, path):
    with caplog.at_level(logging.DEBUG):
        response = client.get(path, headers={"Host": "studio.example.org"})

    message = refused(response, 400, code="host_not_allowed")
    assert "'studio.example.org'" in message
    assert "ALLOWED_HOSTS" in message
    (record,) = caplog.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert "studio.example.org" in record.getMessage()


def test_a_page_under_a_wrong_host_says_what_to_do(client: Client, caplog):
    response = client.get("/", headers={"Host": "<b>evil</b>"})

    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/plain")
    assert "ALLOWED_HOSTS" in response.content.decode()
    assert [record.exc_info for record in caplog.records] == [None]


def test_a_line_break_in_a_host_makes_no_line_of_its_own(client: Client, caplog):
    client.get("/", headers={"Host": "a\r\nINFO forged"})
    assert len(caplog.records[0].getMessage().splitlines()) == 1


@pytest.mark.parametrize("path", PATHS)
def test_no_session_is_read_when_a_token_is_sent(alice: User, monkeypatch, path):
    def load(self: SessionStore) -> None:
        raise AssertionError("the session was read")

    monkeypatch.setattr(SessionStore, "load", load)
    program = client_of(alice)
    program.cookies["sessionid"] = "a" * 32

    assert program.get(path).status_code == 200


def test_a_poll_takes_two_queries(alice: User, django_assert_num_queries):
    program, video = client_of(alice), VideoFactory(owner=alice)
    program.get(f"/v1/videos/{video.public_id}")

    with django_assert_num_queries(2):
        response = program.get(f"/v1/videos/{video.public_id}")
    assert response.json()["id"] == video.public_id


@pytest.mark.parametrize("path", PATHS)
def test_the_short_way_is_as_safe(alice: User, path):
    response = client_of(alice).get(path)

    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert {"Authorization", "Cookie"} <= {each.strip() for each in response["Vary"].split(",")}
    assert int(response["Content-Length"]) == len(response.content)


@pytest.mark.parametrize("path", PATHS)
def test_a_token_goes_nowhere_over_plain_http(alice: User, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    assert client_of(alice).get(path)["Location"].startswith("https://")


@pytest.mark.parametrize("path", ["/", "/library/", "/accounts/tokens/", "/admin/"])
def test_a_token_opens_no_page(alice: User, path):
    assert client_of(alice).get(path).status_code == 302


def test_every_view_below_the_apis_does_its_own_checks():
    """The short way passes by Django's own."""
    for path in ("/v1/videos", "/v1/anything", "/api/v1/videos", "/api/v1/videos/x/cancel", "/api/v1/none"):
        view = resolve(path).func
        assert (view.login_required, view.csrf_exempt) == (False, True)


def test_a_page_below_the_apis_would_still_be_asked_for_a_sign_in(rf, monkeypatch):
    def page(request: HttpRequest) -> HttpResponse:
        raise AssertionError("nobody was asked who it is")

    monkeypatch.setattr("contentgen.api_middleware.resolve", lambda path: SimpleNamespace(func=page))
    request = rf.get("/v1/page", headers={"Authorization": "Bearer none"})

    assert TokenRequestMiddleware(lambda _: HttpResponse("asked"))(request).content == b"asked"
