"""A pasted key is in no page, no log, no dump and no table."""

import logging
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from accounts.models import User
from tests.backends.server import Server, reply
from tests.connect.conftest import Serve
from tests.connect.steps import Connecting, sign_in, words_of
from tests.dialects.hosted import OpenRouter
from tests.dialects.server import KEY
from videos.engine import clients
from videos.models import Backend

pytestmark = pytest.mark.django_db


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

    refused = Connecting(sign_in(member)).start("openrouter", server.url, key_env="OPENROUTER_API_KEY")
    assert refused.status_code == 422
    assert "<option>OPENROUTER_API_KEY" not in refused.content.decode()

    connecting.test("openrouter", server.url, key_env="OPENROUTER_API_KEY")
    connecting.save("google/veo-3.1")
    backend = Backend.objects.get(name="Cloud")
    assert (backend.key_env, backend.stored_key, backend.key) == ("OPENROUTER_API_KEY", "", KEY)
