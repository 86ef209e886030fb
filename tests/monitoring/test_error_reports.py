"""Reports of errors hold no prompts, keys, bodies, cookies or addresses of people."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as studio

from contentgen import checks

# In a process of its own: Sentry's integrations change Django and Celery for good.
_SCRIPT = """
import json, logging
import django
django.setup()
import sentry_sdk
from django.test import Client
from sentry_sdk.transport import Transport

class Kept(Transport):
    events = []
    def capture_envelope(self, envelope):
        self.events += [item.payload.json for item in envelope.items if item.type == "event"]

sentry_sdk.get_client().transport = Kept()
from contentgen.monitoring import log_context
from contentgen import health
from django.contrib.auth.decorators import login_not_required

def view(request):
    prompt = "a secret prompt"
    log_context.bind(video="video_1")
    raise RuntimeError("https://store.example.org/v.mp4?signature=abc of carol@example.org")

from contentgen import urls
from django.urls import path
urls.urlpatterns.insert(0, path("boom", login_not_required(view), name="boom"))
client = Client(raise_request_exception=False)
client.cookies["sessionid"] = "secret-session"
client.post("/boom?q=secret-query", {"prompt": "a secret prompt"}, headers={"X-Api-Key": "secret-key"})
print(json.dumps(Kept.events))
"""


def test_a_report_says_what_failed_and_nothing_private(tmp_path: Path):
    environment = {
        "DJANGO_SETTINGS_MODULE": "contentgen.settings",
        "SENTRY_DSN": "https://public@sentry.test/1",
        "DATA_DIR": str(tmp_path),
        "ENV_FILE": "",
        "ALLOWED_HOSTS": "testserver",
        "PATH": "/usr/bin:/bin",
        "LOG_LEVEL": "CRITICAL",
    }
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=studio.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    events = json.loads(done.stdout.splitlines()[-1])
    assert len(events) == 1
    (raised,) = events[0]["exception"]["values"]
    assert (raised["type"], raised["value"]) == ("RuntimeError", "https://store.example.org/v.mp4?… of …@…")
    assert events[0]["tags"]["video"] == "video_1"
    assert len(events[0]["tags"]["request_id"]) == 32
    told = json.dumps(events)
    for private in ("secret", "carol", "abc of", "vars"):
        assert private not in told, private


@pytest.mark.parametrize(
    ("dsn", "is_well"),
    [
        ("", True),
        ("https://abc@o1.ingest.sentry.io/42", True),
        ("http://abc@glitchtip.example.org/path/7", True),
        ("sentry.io", False),
        ("https://o1.ingest.sentry.io/42", False),
    ],
)
def test_a_dsn_that_is_none_is_an_error(settings, dsn: str, is_well: bool):
    settings.SENTRY_DSN = dsn
    assert (checks.check_sentry(None) == []) is is_well
