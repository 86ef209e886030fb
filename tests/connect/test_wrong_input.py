"""What is wrong is said at its field, and nothing is saved."""

import pytest

from accounts.models import User
from tests.backends.server import Server, hang, reply
from tests.connect.conftest import Serve
from tests.connect.steps import SLUGS, Connecting, sign_in, words_of
from tests.dialects.hosted import HOSTED, HostedDialect, OpenRouter
from tests.dialects.server import KEY
from videos.backends.connection_kinds import KINDS
from videos.models import Backend, ConnectionDraft

pytestmark = pytest.mark.django_db
PAGE = b"<!doctype html><title>Welcome</title>"


@pytest.mark.parametrize("dialect", HOSTED)
def test_a_wrong_key_is_said_at_the_key(connecting: Connecting, serve: Serve, dialect: type[HostedDialect]):
    page = connecting.test(SLUGS[dialect], serve(dialect).url, "sk-wrong-0123456789")

    html = page.content.decode()
    assert "refuses the key" in html.partition('id="key-error"')[2][:400]
    assert "sk-wrong" not in html
    assert "The test failed" in words_of(connecting.save("google/veo-3.1"))
    assert not Backend.objects.filter(is_simulator=False).exists()


def test_after_a_wrong_address_the_key_need_not_be_pasted_again(connecting: Connecting, serve: Serve):
    server = serve(OpenRouter)
    connecting.test("openrouter", server.origin + "/nowhere/v1", KEY)
    first = connecting.draft
    assert first.problem

    page = connecting.test("openrouter", server.url, earlier=str(first.pk))

    assert "The test is done" in words_of(page)
    connecting.save("google/veo-3.1")
    assert Backend.objects.get(name="Cloud").key == KEY


def test_nobody_goes_on_from_anothers_key(connecting: Connecting, serve: Serve, member: User):
    server = serve(OpenRouter)
    connecting.test("openrouter", server.url, KEY)

    page = Connecting(sign_in(member)).start(
        "openrouter", "http://evil.test/v1", earlier=str(connecting.draft.pk)
    )

    assert page.status_code == 422
    assert "needs a key" in words_of(page)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (reply(200, PAGE, content_type="text/html"), "There is no Videos API at"),
        (reply(404, PAGE, content_type="text/html"), "There is no Videos API at"),
        (reply(503, b"down"), "The server is not working"),
        (reply(401, {"error": {"message": "no"}}), "The server refuses the key"),
        (reply(301, location="https://other.test/v1/videos"), "The base URL redirects"),
    ],
)
def test_what_answers_and_is_no_videos_api(connecting: Connecting, answer: bytes, sentence: str):
    with Server(answer) as server:
        page = connecting.test("videos-api", server.url, KEY)

    assert sentence in words_of(page)
    assert connecting.draft.problem
    assert not Backend.objects.filter(is_simulator=False).exists()


@pytest.mark.parametrize("slug", ["openrouter", "google", "together", "vllm-omni"])
def test_html_where_a_service_belongs(connecting: Connecting, slug: str):
    with Server(reply(200, PAGE, content_type="text/html")) as server:
        page = connecting.test(slug, server.url, KEY)

    assert "The test failed. Nothing was saved." in words_of(page)
    assert "address-error" in page.content.decode()
    assert "Welcome" not in connecting.draft.problem, "what is at an address is not shown to whoever asks"


@pytest.mark.parametrize("slug", ["openrouter", "videos-api"])
def test_a_dead_address(connecting: Connecting, slug: str):
    page = connecting.test(slug, "http://127.0.0.1:9/v1", KEY)

    assert "cannot be reached" in words_of(page)


@pytest.mark.parametrize("slug", ["openrouter", "videos-api"])
def test_a_service_that_is_slow(connecting: Connecting, slug: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("videos.backends.probe.ANSWER_TIMEOUT", 0.3)
    monkeypatch.setattr("videos.backends.drivers.hosted.PROBE_TIMEOUT", 0.5)
    with Server(hang) as server:
        page = connecting.test(slug, server.url, KEY)

    assert "in time" in words_of(page)


class Lying(OpenRouter):
    """A catalogue whose every field is something else than it should be."""

    models = [
        {"id": "acme/null", "name": None, "supported_sizes": None, "supported_durations": None},
        {
            "id": "acme/words",
            "name": "A\x00cme <b>",
            "supported_sizes": ["wide", 7, "0x0", "99999x99999"],
            "supported_aspect_ratios": ["round", "1:0"],
            "supported_resolutions": ["720p"],
            "supported_durations": ["long", -4, None],
            "pricing_skus": {"duration_seconds": "cheap", "per_mood": "Inf"},
        },
        {"id": 7},
        "acme/text",
        {"id": "x" * 300},
    ]


def test_a_catalogue_that_lies_is_shown_as_what_is_known(connecting: Connecting, serve: Serve):
    page = connecting.test("openrouter", serve(Lying).url, KEY)

    words = words_of(page)
    assert "Sizes not told" in words
    assert "Lengths not told" in words
    assert "<b>" not in page.content.decode().partition("<main")[2].replace("&lt;b&gt;", "")
    connecting.save("acme/null", "acme/words")
    for model in Backend.objects.get(name="Cloud").models.all():
        model.full_clean()
        assert not model.price_per_second


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"url": "", "key": KEY}, "base_url", "The address must be"),
        ({"url": "ftp://box/v1", "key": KEY}, "base_url", "The address must be"),
        ({"url": "http://box.test", "key": KEY}, "base_url", "end in the version"),
        ({"url": "http://u:p@box.test/v1", "key": KEY}, "base_url", "must not contain a password"),
        ({"url": f"http://{'x' * 600}.test/v1", "key": KEY}, "base_url", "too long"),
        ({"url": "http://box.test/v1", "key": "Bearer sk-1"}, "key", "without “Bearer”"),
        ({"url": "http://box.test/v1", "key": "sk 1"}, "key", "neither spaces"),
        ({"url": "http://box.test/v1", "key": "schlüssel"}, "key", "nor accents"),
        ({"url": "http://box.test/v1", "key": "k" * 1001}, "key", "at most 1000"),
        ({"url": "http://box.test/v1", "key_env": "SECRET_KEY"}, "key_env", "valid choice"),
    ],
)
def test_what_is_typed_wrong_is_said_at_its_field(
    connecting: Connecting, fields: dict[str, str], field: str, sentence: str
):
    page = connecting.start("videos-api", **fields)

    assert page.status_code == 422
    assert sentence in str(page.context["form"].errors[field])
    if key := fields.get("key"):
        assert key not in page.content.decode()
    assert not ConnectionDraft.objects.exists()


@pytest.mark.parametrize("slug", [slug for slug, kind in KINDS.items() if kind.needs_key])
def test_a_service_that_needs_a_key_says_so(connecting: Connecting, slug: str):
    assert "needs a key" in words_of(connecting.start(slug, "http://box.test/v1"))


def test_this_studio_is_refused(connecting: Connecting, settings):
    settings.OWN_ADDRESSES = [("127.0.0.1", 8130)]

    page = connecting.start("contentgen", "http://127.0.0.1:8130/v1", KEY)

    assert "this studio" in str(page.context["form"].errors["base_url"])
