"""The Connect page, from a tile to the first video, against the fakes of the services."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.backends.server import Server, hang, reply
from tests.connecting import Connecting, words_of
from tests.dialects.hosted import HOSTED, Gemini, HostedDialect, OpenRouter, Together
from tests.dialects.server import KEY
from tests.dialects.servers import PROTOCOL_DIALECTS
from tests.factories import BackendFactory, UserFactory
from tests.simulator.conftest import StartSimulator
from tests.simulator.conftest import start_simulator as start_simulator  # a fixture here too
from videos.backends.connection_kinds import KINDS
from videos.capabilities import available_offers
from videos.engine import clients, draft_probe, heartbeat, sweep
from videos.engine.draft_probe import probe_draft
from videos.models import Backend, ConnectionDraft, Video, VideoModel
from videos.models.connection_draft import LIFETIME
from videos.services.connections import PROBE_ENDS

pytestmark = pytest.mark.django_db

SLUGS = {OpenRouter: "openrouter", Gemini: "google", Together: "together"}
PAGE = b"<!doctype html><title>Welcome</title>"

Serve = Callable[[type[HostedDialect]], HostedDialect]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda dialect: stack.enter_context(dialect(b""))


@pytest.fixture
def connecting(as_carol: Client) -> Connecting:
    return Connecting(as_carol)


@pytest.fixture
def member(db) -> User:
    """Staff whom a superuser has let connect backends."""
    user = UserFactory(username="dora", is_staff=True)
    user.user_permissions.set([Permission.objects.get(codename="connect_backend")])
    return user


def _sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- From the tile to the backend --------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", HOSTED)
def test_a_hosted_service_is_connected_with_a_pasted_key(
    connecting: Connecting, serve: Serve, dialect: type[HostedDialect]
):
    server = serve(dialect)

    page = connecting.test(SLUGS[dialect], server.url, KEY)

    assert "The test is done. Nothing is saved yet." in words_of(page)
    assert not Backend.objects.filter(is_simulator=False).exists()
    names = [each["name"] for each in connecting.draft.offered_models]
    done = connecting.save(*names)

    assert "Cloud is connected" in words_of(done)
    backend = Backend.objects.get(name="Cloud")
    assert (backend.service, backend.base_url, backend.key_env) == (dialect.service, server.url, "")
    assert (backend.key, backend.key_problem) == (KEY, "")
    assert backend.probed_at is not None
    assert backend.can_list is False
    assert {model.name for model in backend.models.all()} == set(names) == set(available_offers())
    assert not ConnectionDraft.objects.exists()
    assert not server.creates
    with clients.client_for(backend) as client:
        assert client.catalogue()


@pytest.mark.parametrize("slug", ["vllm-omni", "sglang", "litellm", "videos-api", "contentgen"])
def test_a_server_of_ones_own_is_connected(
    connecting: Connecting, slug: str, start_simulator: StartSimulator
):
    simulator = start_simulator(api_key=KEY)

    page = connecting.test(slug, f"{simulator.url}/v1", KEY)

    assert "The server answers." in words_of(page)
    assert "sizes, lengths and prices" in words_of(page)
    assert "sora-2" in connecting.client.get(connecting.page).context["save_form"].chosen
    assert connecting.save("sora-2").status_code == 200
    backend = Backend.objects.get(name="Cloud")
    assert (backend.service, backend.can_remix) == ("videos-api", True)
    assert [model.name for model in backend.models.all()] == ["sora-2"]


@pytest.mark.parametrize("dialect", PROTOCOL_DIALECTS, ids=lambda dialect: dialect.__name__)
def test_every_dialect_of_the_videos_api_can_be_tested(connecting: Connecting, dialect):
    with dialect(b"") as server:
        page = connecting.test("videos-api", server.url, KEY)

    assert "The test is done" in words_of(page)
    assert not server.creates


def test_models_that_no_server_names_are_typed_in(connecting: Connecting):
    with PROTOCOL_DIALECTS[0](b"") as server:
        connecting.test("videos-api", server.url, KEY)
        ConnectionDraft.objects.update(offered_models=[])

        assert "Name at least one model" in words_of(connecting.save())
        assert not Backend.objects.filter(name="Cloud").exists()
        assert "at most 100 characters" in words_of(connecting.save(more="x" * 101))
        connecting.save(more=" wan-2.2 , wan-2.2,ltx ")

    assert sorted(model.name for model in Backend.objects.get(name="Cloud").models.all()) == [
        "ltx",
        "wan-2.2",
    ]


def test_each_check_is_written_down_while_others_still_run(
    connecting: Connecting, serve: Serve, monkeypatch: pytest.MonkeyPatch
):
    server, is_written, waited = serve(OpenRouter), threading.Event(), []
    plain_reply, plain_rows = server.other_reply, draft_probe._rows

    def other_reply(request):
        if request.path.endswith("/videos/models"):
            waited.append(is_written.wait(10))
        return plain_reply(request)

    def rows(checks):
        is_written.set()
        return plain_rows(checks)

    monkeypatch.setattr(server, "other_reply", other_reply)
    monkeypatch.setattr(draft_probe, "_rows", rows)

    connecting.test("openrouter", server.url, KEY)

    assert waited == [True]
    assert [each["name"] for each in connecting.draft.checks][:3] == ["answers", "key", "models"]


def test_the_page_follows_the_test_until_it_is_done(connecting: Connecting, serve: Serve, hints):
    server = serve(OpenRouter)

    page = connecting.start("openrouter", server.url, KEY)
    assert "Waiting for a worker" in words_of(page)
    assert 'hx-trigger="every 1s"' in page.content.decode()
    ConnectionDraft.objects.update(
        started_at=timezone.now(), checks=[{"name": "key", "works": True, "found": "Accepted.", "advice": ""}]
    )
    part = connecting.client.get(connecting.page, headers={"HX-Request": "true"}).content.decode()
    assert "Testing…" in part
    assert "Accepted." in part
    assert "<html" not in part
    ConnectionDraft.objects.update(started_at=None)
    probe_draft(connecting.draft.pk)

    done = connecting.client.get(connecting.page, headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" not in done
    assert ("probe_draft", connecting.draft.pk) in hints


def test_it_says_when_no_worker_is_there_and_goes_on_when_one_comes(
    connecting: Connecting, serve: Serve, hints, monkeypatch: pytest.MonkeyPatch
):
    server = serve(OpenRouter)
    monkeypatch.setattr(heartbeat, "stalled_roles", lambda: ["queue:network"])

    page = connecting.start("openrouter", server.url, KEY)

    assert "No worker is there to test it" in words_of(page)
    hints.clear()
    connecting.client.get(connecting.page)
    assert hints == [("probe_draft", connecting.draft.pk)]
    probe_draft(connecting.draft.pk)
    assert "The test is done" in words_of(connecting.client.get(connecting.page))


def test_a_worker_that_died_midway_is_told(connecting: Connecting, serve: Serve):
    connecting.start("openrouter", serve(OpenRouter).url, KEY)
    ConnectionDraft.objects.update(started_at=timezone.now() - PROBE_ENDS)

    assert "The test was cut off" in words_of(connecting.client.get(connecting.page))


def test_a_message_that_comes_twice_probes_once(connecting: Connecting, serve: Serve):
    server = serve(OpenRouter)
    connecting.test("openrouter", server.url, KEY)
    asked = len(server.requests)

    probe_draft(connecting.draft.pk)

    assert len(server.requests) == asked


# --- What is wrong is said at its field --------------------------------------------------------------------


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

    page = Connecting(_sign_in(member)).start(
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


# --- Saving ------------------------------------------------------------------------------------------------


def test_a_name_that_is_taken_is_said_at_the_name_and_nothing_is_saved(connecting: Connecting, serve: Serve):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    BackendFactory(name="Cloud")
    before = VideoModel.objects.count()

    page = connecting.save("google/veo-3.1")

    assert page.status_code == 422
    assert "There is a backend “Cloud” already" in words_of(page)
    assert Backend.objects.filter(is_simulator=False).count() == 1
    assert VideoModel.objects.count() == before
    assert "is connected" in words_of(connecting.save("google/veo-3.1", name="Cloud 2"))


def test_a_name_that_is_taken_in_the_same_moment(
    connecting: Connecting, serve: Serve, monkeypatch: pytest.MonkeyPatch
):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    BackendFactory(name="Cloud")
    monkeypatch.setattr(Backend, "full_clean", lambda backend: None)  # it was free when it was looked at

    page = connecting.save("google/veo-3.1")

    assert "There is a backend “Cloud” already" in words_of(page)
    assert connecting.draft.is_tested
    assert Backend.objects.filter(service="openrouter").count() == 0


def test_another_name_is_proposed_and_the_same_address_is_told(connecting: Connecting, serve: Serve):
    server = serve(OpenRouter)
    BackendFactory(name="OpenRouter", service="openrouter", base_url=server.url)

    page = connecting.test("openrouter", server.url, KEY)

    assert page.context["save_form"]["name"].value() == "OpenRouter (2)"
    assert "“OpenRouter” is connected to this address already" in words_of(page)


@pytest.mark.parametrize("models", [[], ["acme/nowhere"]])
def test_models_that_are_missing_or_not_offered(connecting: Connecting, serve: Serve, models: list[str]):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)

    page = connecting.save(*models)

    assert page.status_code == 422
    assert page.context["save_form"].errors["models"]
    assert not Backend.objects.filter(is_simulator=False).exists()


def test_saving_twice_saves_once(connecting: Connecting, serve: Serve):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    page = connecting.page

    for _ in range(2):
        last = connecting.client.post(page, {"name": "Cloud", "models": ["google/veo-3.1"]}, follow=True)

    assert "no longer there" in words_of(last) + str(list(last.context["messages"]))
    assert Backend.objects.filter(service="openrouter").count() == 1


def test_two_people_at_once_do_not_see_each_others_test(connecting: Connecting, serve: Serve, member: User):
    server = serve(OpenRouter)
    connecting.test("openrouter", server.url, KEY)
    page = connecting.page
    dora = Connecting(_sign_in(member))

    assert dora.client.get(page).status_code == 302
    assert dora.client.post(page, {"name": "Mine", "models": ["google/veo-3.1"]}).status_code == 302
    assert not Backend.objects.filter(name="Mine").exists()
    dora.test("openrouter", server.url, KEY)
    dora.save("google/veo-3.1", name="Dora")
    connecting.client.post(page, {"name": "Carol", "models": ["google/veo-3.1"]})
    assert set(Backend.objects.filter(service="openrouter").values_list("name", flat=True)) == {
        "Dora",
        "Carol",
    }


def test_a_draft_is_forgotten_after_an_hour(connecting: Connecting, serve: Serve):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    page = connecting.page
    ConnectionDraft.objects.update(created_at=timezone.now() - LIFETIME)

    assert connecting.client.get(page).status_code == 302
    assert connecting.client.get(page, headers={"HX-Request": "true"}).headers["HX-Redirect"]
    sweep.sweep()
    assert not ConnectionDraft.objects.exists()


class Many(OpenRouter):
    models = [
        {**OpenRouter.models[0], "id": f"acme/model-{number:03}", "pricing_skus": {"duration_seconds": price}}
        for number in range(300)
        for price in [f"{1 + number / 100:.2f}"]
    ]


def test_of_hundreds_a_sensible_few_are_chosen(connecting: Connecting, serve: Serve):
    page = connecting.test("openrouter", serve(Many).url, KEY)

    form = page.context["save_form"]
    assert len(form.offered) == 300
    assert form.chosen == ["acme/model-000", "acme/model-001", "acme/model-002"], "the cheapest"
    assert "$1.00 a second" in words_of(page)
    assert "model-search" in page.content.decode()
    connecting.save(*[each.model.name for each in form.offered])
    assert Backend.objects.get(name="Cloud").models.count() == 300


# --- The key -----------------------------------------------------------------------------------------------


def test_the_key_is_in_no_page_no_log_no_dump_and_no_table(
    connecting: Connecting, serve: Serve, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    pages = [connecting.test("openrouter", serve(OpenRouter).url, KEY), connecting.save("google/veo-3.1")]
    backend = Backend.objects.get(name="Cloud")
    assert backend.key == KEY
    addresses = [
        reverse("videos:connect"),
        reverse("videos:connected", args=[backend.pk]),
        reverse("videos:connect_service", args=["openrouter"]),
        reverse("admin:videos_backend_changelist"),
        reverse("admin:videos_backend_change", args=[backend.pk]),
        reverse("admin:videos_backend_history", args=[backend.pk]),
    ]
    pages += [connecting.client.get(address) for address in addresses]
    assert all(page.status_code == 200 for page in pages)
    connecting.test("openrouter", "http://127.0.0.1:9/v1", KEY)  # a draft that stays

    dump = StringIO()
    call_command("dumpdata", stdout=dump)

    for text in (*(page.content.decode() for page in pages), caplog.text, dump.getvalue(), _tables()):
        assert KEY not in text
    assert backend.stored_key in dump.getvalue(), "what is dumped is the token"
    assert KEY not in repr(clients.connection_for(backend))


def _tables() -> str:
    """Return everything in every table, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  # names of our own tables
            found += [str(row) for row in cursor.fetchall()]
    return "\n".join(found)


def test_an_error_that_repeats_the_key_is_shown_without_it(connecting: Connecting):
    with Server(reply(500, {"error": {"message": f"bad token {KEY}"}})) as server:
        page = connecting.test("openrouter", server.url, KEY)

    assert KEY not in page.content.decode()
    assert "[api key]" in words_of(page)


def test_a_key_of_the_environment_is_a_superusers_choice(
    connecting: Connecting, serve: Serve, member: User, monkeypatch: pytest.MonkeyPatch
):
    server = serve(OpenRouter)
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)

    refused = Connecting(_sign_in(member)).start("openrouter", server.url, key_env="OPENROUTER_API_KEY")
    assert refused.status_code == 422
    assert "<option>OPENROUTER_API_KEY" not in refused.content.decode()

    connecting.test("openrouter", server.url, key_env="OPENROUTER_API_KEY")
    connecting.save("google/veo-3.1")
    backend = Backend.objects.get(name="Cloud")
    assert (backend.key_env, backend.stored_key, backend.key) == ("OPENROUTER_API_KEY", "", KEY)


# --- Who may -----------------------------------------------------------------------------------------------


def _addresses() -> list[str]:
    return [
        reverse("videos:connect"),
        reverse("videos:connect_service", args=["openrouter"]),
        reverse("videos:connect_test", args=[1]),
        reverse("videos:connected", args=[1]),
    ]


def test_others_get_nowhere(as_alice: Client, alice: User):
    clerk = UserFactory(is_staff=True)
    clerk.user_permissions.set(
        Permission.objects.filter(content_type__app_label="videos").exclude(codename="connect_backend")
    )
    outsider = UserFactory(is_staff=False)
    outsider.user_permissions.set([Permission.objects.get(codename="connect_backend")])

    for client in (as_alice, _sign_in(clerk), _sign_in(outsider)):
        for address in _addresses():
            assert client.get(address).status_code == 403
            assert client.post(address, {"key": KEY}).status_code in (403, 405)
    for address in _addresses():
        assert Client().get(address).status_code == 302
    assert not ConnectionDraft.objects.exists()


def test_staff_with_the_permission_connect_and_it_is_noted(member: User, serve: Serve, caplog):
    caplog.set_level(logging.INFO)
    dora = Connecting(_sign_in(member))
    server = serve(OpenRouter)

    dora.test("openrouter", server.url, KEY)
    dora.save("google/veo-3.1")

    assert f"is probed at {server.url}, by dora" in caplog.text
    assert f"“Cloud”: connected at {server.url}, by dora" in caplog.text
    assert LogEntry.objects.get().get_change_message() == f"Connected at {server.url}."


def test_the_demo_banner_leads_there_for_those_who_may(as_carol: Client, as_alice: Client):
    link = f'href="{reverse("videos:connect")}"'

    assert link in as_carol.get("/").content.decode()
    page = as_alice.get("/").content.decode()
    assert link not in page
    assert "Your administrator can connect" in page


# --- The first video ---------------------------------------------------------------------------------------


@pytest.fixture
def backend(connecting: Connecting, serve: Serve) -> Backend:
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    connecting.save("google/veo-3.1", "runway/gen-4.5")
    return Backend.objects.get(name="Cloud")


def test_a_first_video_is_offered_with_its_price(connecting: Connecting, backend: Backend):
    page = connecting.client.get(reverse("videos:connected", args=[backend.pk]))

    words = words_of(page)
    assert words.index("Make it for $0.24") < words.index("Make it for $1.60"), "the cheapest first"
    assert not Video.objects.exists()
    assert "autofocus" not in page.content.decode()


def _order(connecting: Connecting, backend: Backend, terms: str, **more: str):
    address = reverse("videos:connected", args=[backend.pk])
    return connecting.client.post(address, {"prompt": "A fox", "terms": terms, **more})


def test_it_is_made_once_for_each_form(connecting: Connecting, backend: Backend):
    terms = "4,1280x720,1.6,google/veo-3.1"
    offered = connecting.client.get(reverse("videos:connected", args=[backend.pk])).context["offers"]
    assert terms in [each.terms for each in offered]

    for _ in range(2):
        response = _order(connecting, backend, terms, form_key="once")

    video = Video.objects.get()
    assert response.headers["Location"] == reverse("videos:detail", args=[video.public_id])
    assert (video.backend, video.model, video.seconds, video.price) == (
        backend,
        "google/veo-3.1",
        4,
        Decimal("1.6"),
    )


@pytest.mark.parametrize(
    ("terms", "prompt", "sentence"),
    [
        ("4,1280x720,0.1,google/veo-3.1", "A fox", "it now costs $1.60"),
        ("99,1280x720,1.6,google/veo-3.1", "A fox", "it now costs $1.60"),
        ("4,1280x720,1.6,acme/x", "A fox", "no longer on offer"),
        ("", "A fox", "no longer on offer"),
        ("4,1280x720,1.6,google/veo-3.1", " ", "Write a prompt"),
    ],
)
def test_nothing_is_made_on_other_terms(
    connecting: Connecting, backend: Backend, terms: str, prompt: str, sentence: str
):
    response = _order(connecting, backend, terms, prompt=prompt)

    assert response.status_code == 422
    assert sentence in words_of(response)
    assert not Video.objects.exists()


def test_where_others_serve_the_models_first_it_says_so(connecting: Connecting, backend: Backend):
    Backend.objects.filter(pk=backend.pk).update(position=9)
    other = BackendFactory(position=0)
    other.models.set(backend.models.all())

    page = connecting.client.get(reverse("videos:connected", args=[backend.pk]))

    assert "go to other backends" in words_of(page)


def test_the_list_says_how_each_stands(connecting: Connecting, backend: Backend, settings):
    Backend.objects.filter(pk=backend.pk).update(enabled=False)
    BackendFactory(name="Box", key_env="BACKEND_KEY_BOX", paused_until=timezone.now() + LIFETIME)

    words = words_of(connecting.client.get(reverse("videos:connect")))

    assert "Switched off" in words
    assert "stored encrypted since" in words
    assert "Paused until" in words
    assert "BACKEND_KEY_BOX is not set" in words
    settings.SECRET_KEY = "another" * 8
    connecting.client.force_login(User.objects.get(username="carol"))
    assert "be read with this SECRET_KEY" in words_of(connecting.client.get(reverse("videos:connect")))
