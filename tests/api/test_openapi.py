"""The OpenAPI files of both APIs: whatever a program may send or gets is named and described."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

FILES = ["/api/openapi.json", "/v1/openapi.json"]
BOTH = pytest.mark.parametrize("path", FILES)


@pytest.fixture
def document(client: Client, path: str, db) -> dict[str, Any]:
    response = client.get(path)
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.1")
    return response.json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@BOTH
def test_every_field_and_parameter_has_a_description(document):
    missing = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, about in schema.get("properties", {}).items()
        if not about.get("description")
    ]
    missing += [
        f"{name} {parameter['name']}"
        for name, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ]
    assert missing == []


@BOTH
def test_every_schema_and_answer_has_a_description(document):
    schemas = document["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    for name, operation in operations(document):
        assert operation["description"], name
        assert all(answer["description"] for answer in operation["responses"].values()), name


@BOTH
def test_every_operation_has_a_tag_that_is_explained(document):
    explained = {tag["name"] for tag in document["tags"] if tag["description"]}
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    assert used == explained
    assert all(len(operation["tags"]) == 1 for _, operation in operations(document))


@BOTH
def test_every_body_is_a_schema_with_a_name(document):
    for name, operation in operations(document):
        for content in operation.get("requestBody", {"content": {}})["content"].values():
            assert set(content["schema"]) == {"$ref"}, name
            schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert schema["properties"], name


@BOTH
def test_there_are_examples(document):
    schemas = document["components"]["schemas"]
    bodies = [name for name in schemas if name.startswith(("Generate", "CreateVideo"))]
    assert bodies
    for name in bodies:
        fields = schemas[name]["properties"]
        for field in ("prompt", "model", "seconds", "size"):
            assert "examples" in str(fields[field]), f"{name}.{field}"


@BOTH
def test_a_download_is_binary(document):
    (answer,) = [
        operation["responses"]["200"]["content"]
        for _, operation in operations(document)
        if "download" in operation["operationId"]
    ]
    assert next(iter(answer)) == "application/octet-stream"
    assert {"video/mp4", "image/webp", "image/jpeg"} <= set(answer)
    assert all(each["schema"] == {"type": "string", "format": "binary"} for each in answer.values())


@BOTH
def test_every_refusal_is_described_by_the_one_shape(document):
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status >= "400":
                reference = answer["content"]["application/json"]["schema"]["$ref"]
                error = document["components"]["schemas"][reference.rpartition("/")[2]]["properties"]["error"]
                body = document["components"]["schemas"][error["$ref"].rpartition("/")[2]]
                assert set(body["required"]) == {"type", "code", "message", "param"}, name
                assert set(body["properties"]) - set(body["required"]) <= {
                    "left",
                    "renews_at",
                    "price",
                    "faults",
                }, name


def test_the_file_of_the_videos_api_has_every_endpoint_of_it(client: Client, db):
    described = {path.partition("/v1/")[2] for path in client.get("/v1/openapi.json").json()["paths"]}
    resolver = next(each for each in get_resolver().url_patterns if str(each.pattern) == "v1/")
    routes = {str(each.pattern) for each in resolver.url_patterns if each.name} - {"openapi.json"}
    known = {
        route.replace("<str:", "{").replace("<path:name>", "{model}").replace(">", "}") for route in routes
    }
    assert described == known
