"""One shape for whatever goes wrong."""

import pytest
from django.test import Client

from tests.api.rest.conftest import URL, refused
from videos.api.rest import views

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v1", "/api/v1/", "/api/v2", f"{URL}/", f"{URL}/a/b/c", f"{URL}/x/fly"],
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_of_nothing(program: Client, path, method):
    refused(getattr(program, method)(path), 404, code="not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("put", URL, {"GET", "HEAD"}),
        ("post", URL, {"GET", "HEAD"}),
        ("put", f"{URL}/video_x", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("get", f"{URL}/video_x/cancel", {"POST"}),
        ("delete", "/api/v1/models", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method(program: Client, method, path, allow):
    response = getattr(program, method)(path)
    refused(response, 405, code="method_not_allowed")
    assert {each.strip() for each in response["Allow"].split(",")} == allow


def test_what_nobody_expected_is_logged_and_not_told(program: Client, monkeypatch, caplog):
    def broken(*args: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(views, "serialize_video", broken)
    response = program.post(f"{URL}/generate", {"prompt": "A lake"})
    message = refused(response, 500, code="internal_error")
    assert "fire" not in message
    assert "the disk is on fire" in caplog.text


def test_a_broken_form_is_refused(program: Client):
    kind = "multipart/form-data; boundary="
    refused(program.post(f"{URL}/generate", b"--x", content_type=kind), 400, code="bad_request")


def test_a_form_of_a_thousand_fields_is_refused(program: Client):
    fields = {f"field{number}": "x" for number in range(1001)}
    refused(program.post(f"{URL}/generate", fields), 400, code="bad_request")
