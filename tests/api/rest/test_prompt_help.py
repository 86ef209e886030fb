"""Help with prompts over the REST API."""

from decimal import Decimal

import pytest

from billing.models import Budget, LedgerLine, Scope
from tests.api.rest.conftest import client_of
from tests.backends.server import reply
from tests.services.test_prompt_help import answering as answering
from tests.services.test_prompt_help import completion
from tests.services.test_prompt_help import image as image
from tests.services.test_prompt_help import serve as serve
from tests.services.test_prompt_help import stack as stack

pytestmark = pytest.mark.django_db
IMPROVE, DESCRIBE = "/api/v1/prompts/improve", "/api/v1/prompts/describe"


def post(client, url, **body):
    return client.post(url, body, content_type="application/json")


def test_a_prompt_is_improved_on_the_tokens_account(program, answering):
    answering(completion("A red fox"), PRICE_IN=Decimal("1"), PRICE_OUT=Decimal("10"))
    assert post(program, IMPROVE, prompt="A fox").json() == {
        "object": "prompt_offer",
        "prompt": "A red fox",
        "server": "127.0.0.1",
        "simulator": False,
        "shortened": False,
        "cost": 0.006,
    }
    assert {line.token_name for line in LedgerLine.objects.all()} == {"test"}


def test_an_image_is_described(program, bob, answering, image):
    answering(completion("A blue wall"), VISION=True)
    assert post(program, DESCRIBE, reference=image.public_id).json()["prompt"] == "A blue wall"
    assert post(client_of(bob), DESCRIBE, reference=image.public_id).status_code == 422


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (reply(429, retry_after="7"), 429, "rate_limited"),
        (reply(500), 503, "server_error"),
        (completion("I'm sorry, I can't do that."), 409, "refused"),
    ],
)
def test_trouble_has_a_status_and_a_code(program, answering, answer, status, code):
    answering(answer)
    response = post(program, IMPROVE, prompt="A fox")
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.headers.get("Retry-After") == ("7" if status == 429 else None)


def test_a_studio_without_a_server_has_no_help(program):
    response = post(program, IMPROVE, prompt="A fox")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "off")


def test_what_may_not_ask_is_refused_before(reader, program, answering):
    server = answering(completion(), PRICE_IN=Decimal("1"), PRICE_OUT=Decimal("1"))
    Budget.objects.create(scope=Scope.STUDIO, period="day", amount=Decimal("0.000001"))
    assert post(reader, IMPROVE, prompt="A fox").status_code == 403
    assert post(program, IMPROVE, prompt="").status_code == 422
    assert post(program, IMPROVE, prompt="A fox", more=1).status_code in (400, 422)
    assert post(program, IMPROVE, prompt="A fox").status_code == 402
    assert not server.requests
