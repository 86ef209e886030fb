"""What `doctor` says of the chat server that helps with prompts."""

import pytest

from tests.backends.conftest import serve as serve
from tests.backends.conftest import stack as stack
from tests.backends.server import reply
from videos.doctor.finding import Health
from videos.doctor.prompt_help import check_prompt_help

pytestmark = pytest.mark.django_db
MODELS = {"data": [{"id": "m-1"}, {"id": "m-2"}]}


@pytest.mark.parametrize(
    ("answer", "model", "health", "words"),
    [
        (reply(body=MODELS), "m-1", Health.OK, "has m-1"),
        (reply(body=MODELS), "m-3", Health.WARNING, "does not list the model m-3"),
        (reply(404), "m-1", Health.NOT_CHECKED, "no list of models"),
        (reply(200, b"<html>", content_type="text/html"), "m-1", Health.NOT_CHECKED, "no list of models"),
        (reply(401, {"error": {"message": "Bad key"}}), "m-1", Health.WRONG, "Bad key"),
        (reply(500), "m-1", Health.WRONG, "HTTP 500"),
    ],
)
def test_the_server_is_asked_for_its_models(serve, settings, answer, model, health, words):
    server = serve(answer)
    settings.PROMPT_HELP_URL, settings.PROMPT_HELP_MODEL = server.url, model
    (finding,) = check_prompt_help()
    assert finding.health == health
    assert words in finding.found
    assert not server.posts, "nothing that costs"


def test_no_server_is_fine(settings):
    (finding,) = check_prompt_help()
    assert finding.health == Health.OK
    settings.PROMPT_HELP_DEMO_URL = "http://127.0.0.1:8001/v1"
    (finding,) = check_prompt_help()
    assert "simulator" in finding.found
