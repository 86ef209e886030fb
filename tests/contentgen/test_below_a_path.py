"""A studio below a path, such as https://host/studio: no address anywhere leads out of it."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.urls import clear_script_prefix, get_resolver, reverse, set_script_prefix

from contentgen.public_url import SubPath, path_of, public_address
from tests.contentgen.routes import address_of, routes_of
from tests.factories import VideoFactory
from videos.engine.callbacks import callback_url
from videos.models import State

PREFIX = "/studio"
# Attributes whose value is an address, or a list of them.
ADDRESSES = re.compile(
    r"""\s(?:href|src|srcset|action|formaction|poster|hx-(?:get|post|put|patch|delete|push-url)|"""
    r"""data-[a-z-]*(?:address|url|href|src|sign-in|health|icon|sound|busy|poll)[a-z-]*)=["'](/[^"']*)["']"""
)
LEFT_OUT = ("/health/ready", "/accounts/logout/")
HEADERS = ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url", "HX-Replace-Url", "Content-Location")
MAY_BE_AWAY = {"/health/ready", "/health/startup"}  # which answer 503 where no broker runs


@pytest.fixture
def below(settings) -> Iterator[None]:
    settings.PUBLIC_URL = f"https://testserver{PREFIX}"
    settings.FORCE_SCRIPT_NAME = PREFIX
    settings.SESSION_COOKIE_PATH = settings.CSRF_COOKIE_PATH = f"{PREFIX}/"
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
    settings.STATIC_URL = f"{PREFIX}/static/"
    settings.WHITENOISE_STATIC_PREFIX = "/static/"
    set_script_prefix(f"{PREFIX}/")
    yield
    clear_script_prefix()


@pytest.mark.django_db
def test_no_page_and_no_answer_leads_out_of_it(below: None, client, alice):
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client.force_login(alice)
    VideoFactory(owner=alice, state=State.COMPLETED, public_id="video_1")  # which the addresses name
    VideoFactory(owner=alice, state=State.FAILED)

    found = {}
    for route in set(routes_of(get_resolver())):
        address = address_of(route)
        if address in LEFT_OUT:
            continue
        response = client.get(address, headers={"accept": "text/html"})
        assert response.status_code < 500 or address in MAY_BE_AWAY, address
        if outside := list(_outside(response)):
            found[address] = outside

    assert not found, json.dumps(found, indent=1)


def _outside(response: Any) -> Iterator[str]:
    for name in HEADERS:
        value = response.headers.get(name, "")
        if value.startswith("/") and not value.startswith(f"{PREFIX}/"):
            yield f"{name}: {value}"
    for cookie in response.cookies.values():
        if not cookie["path"].startswith(f"{PREFIX}/"):
            yield f"Set-Cookie: {cookie.key} for {cookie['path']}"
    content_type = response.headers.get("Content-Type", "")
    if response.streaming or "html" not in content_type:
        return
    for value in ADDRESSES.findall(response.content.decode()):
        if not value.startswith((f"{PREFIX}/", "//")):
            yield value


@pytest.mark.django_db
def test_the_apis_name_their_addresses_whole(below: None, client, alice):
    client.force_login(alice)
    video = VideoFactory(owner=alice, state=State.COMPLETED)

    told = client.get(f"/api/v1/videos/{video.public_id}").content.decode()
    assert {path.split("/")[1] for path in re.findall(r"://testserver(/[^\"]*)", told)} == {"studio"}
    assert client.get("/v1/openapi.json").json()["servers"] == [{"url": PREFIX}]
    assert all(path.startswith(f"{PREFIX}/api/") for path in client.get("/api/openapi.json").json()["paths"])
    assert callback_url(video).startswith(f"https://testserver{PREFIX}/webhooks/")
    assert public_address(reverse("videos:library")) == f"https://testserver{PREFIX}/library/"
    unknown = client.get("/V1/Videos/")
    assert f"try {PREFIX}/v1/videos." in json.dumps(unknown.json())


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/studio/library", "/library"),
        ("/library", "/library"),
        ("/studio", "/"),
        ("/studio/", "/"),
        ("/studios", "/studios"),
        ("", ""),
    ],
)
def test_a_proxy_may_pass_the_path_on_or_take_it_away(asked: str, served: str):
    seen: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["PATH_INFO"])
        return []

    SubPath(application, PREFIX)({"PATH_INFO": asked, "wsgi.input": io.BytesIO()}, None)

    assert seen == [served]


def test_an_address_without_a_path_changes_nothing():
    assert [path_of(url) for url in ("", "https://host", "https://host/", "https://host/a/b/")] == [
        *(None, None, None),
        "/a/b",
    ]
    assert project_settings.FORCE_SCRIPT_NAME is None


def test_scripts_ask_for_no_address_of_their_own():
    folder = project_settings.BASE_DIR / "static/js"
    absolute = {
        f"{path.name}: {match[0]}"
        for path in folder.rglob("*.js")
        if "vendor" not in path.parts
        for match in re.finditer(r"""["'`]/(?!/)[a-z][\w/-]*["'`?]""", path.read_text())
    }
    assert absolute == set()
