"""The OpenAPI file, its page, and who may ask from another origin's page."""

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.api.rest.conftest import URL

pytestmark = pytest.mark.django_db
ORIGIN = "https://tools.example.org"


def test_the_file_describes_what_there_is(client: Client):
    described = client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    body = described["paths"]["/api/v1/videos/generate"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data"}
    schemas = described["components"]["schemas"]
    assert "input_reference" in schemas["GenerateForm"]["properties"]
    assert "input_reference" not in schemas["GenerateIn"]["properties"]
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) == 67
    assert all(operation["security"] and operation["description"] for operation in operations)


def test_its_page_keeps_to_the_policy(client: Client):
    response = client.get("/api/docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert "unsafe" not in response["Content-Security-Policy"]
    assert 'data-address="/api/openapi.json"' in page
    assert "cdn" not in page
    assert "<script>" not in page
    assert finders.find("ninja/swagger-ui-bundle.js")


def test_other_origins_are_told_nothing_by_default(program: Client):
    assert "Access-Control-Allow-Origin" not in program.get(URL, headers={"Origin": ORIGIN})


@pytest.mark.parametrize("path", [URL, "/api/openapi.json", "/api/v1/nothing"])
def test_an_origin_that_is_named_may_ask(program: Client, settings, path):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    response = program.get(path, headers={"Origin": ORIGIN})
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in response
    assert "Access-Control-Allow-Origin" not in program.get(path, headers={"Origin": "https://evil.example"})


def test_a_browser_may_ask_first(client: Client, settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    asks = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    response = client.options(f"{URL}/generate", headers=asks)
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    allowed = {each.strip() for each in response["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "content-type", "idempotency-key", "x-stainless-retry-count"} <= allowed


@pytest.mark.parametrize("path", ["/", "/library/", "/accounts/tokens/", "/health"])
def test_pages_are_for_no_other_origin(as_alice: Client, settings, path):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    assert "Access-Control-Allow-Origin" not in as_alice.get(path, headers={"Origin": ORIGIN})
