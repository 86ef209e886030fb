"""How the page follows a test: check by check, without a worker, after one that died."""

import threading

import pytest
from django.utils import timezone

from tests.connect.conftest import Serve
from tests.connect.steps import Connecting, words_of
from tests.dialects.hosted import OpenRouter
from tests.dialects.server import KEY
from videos.engine import draft_probe, heartbeat
from videos.engine.draft_probe import probe_draft
from videos.models import ConnectionDraft
from videos.services.connections import PROBE_ENDS

pytestmark = pytest.mark.django_db


def test_each_check_is_written_down_while_others_still_run(
    connecting: Connecting, serve: Serve, monkeypatch: pytest.MonkeyPatch
):
    server, is_written, waited = serve(OpenRouter), threading.Event(), []
    plain_reply, plain_rows = server.other_reply, draft_probe.check_rows

    def other_reply(request):
        if request.path.endswith("/videos/models"):
            waited.append(is_written.wait(10))
        return plain_reply(request)

    def rows(checks):
        is_written.set()
        return plain_rows(checks)

    monkeypatch.setattr(server, "other_reply", other_reply)
    monkeypatch.setattr(draft_probe, "check_rows", rows)

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
