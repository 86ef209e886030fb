"""OpenAI's own SDK against a real server: what there is no money for is asked for once, and never paid."""

import asyncio
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from django.core.signals import request_started

from accounts import tokens
from accounts.models import User
from billing.models import LedgerLine, Scope
from billing.targets import Target, set_budget
from tests.billing.money import dollars, sums
from tests.billing.steps import PRICE, ZERO
from tests.factories import VideoFactory
from videos.models import Backend, State, Video

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"),
]

TOO_LONG: dict[str, Any] = {"prompt": "A boat", "model": "sora-2", "seconds": "12", "size": "1280x720"}
FITTING = {**TOO_LONG, "seconds": "4"}
RETRIES = [0, openai.DEFAULT_MAX_RETRIES, 5]


@pytest.fixture(autouse=True)
def _paid(paid: Backend, alices_dollar: object) -> None:
    """Alice has a dollar; the longest video costs $1.20."""


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The paths of the requests that have reached the server."""
    paths: list[str] = []

    def note(environ: dict[str, str], **_: object) -> None:
        paths.append(environ["PATH_INFO"])

    request_started.connect(note)
    yield paths
    request_started.disconnect(note)


@pytest.fixture
def options(alice: User, live_server: Any) -> dict[str, str]:
    _, secret = tokens.issue(alice, "script")
    return {"api_key": secret, "base_url": f"{live_server.url}/v1"}


def _assert_refused(error: openai.RateLimitError, asked: list[str], path: str = "/v1/videos") -> None:
    assert error.code == "insufficient_quota"
    assert error.response.headers["x-should-retry"] == "false"
    assert "has $1.00 left" in error.message
    assert asked == [path], "although it retries other 429s"
    assert not Video.objects.filter(state=State.QUEUED).exists()
    assert not LedgerLine.objects.exists()


@pytest.mark.parametrize("retries", RETRIES)
def test_it_asks_once(options: dict[str, str], asked: list[str], retries: int):
    with (
        openai.OpenAI(**options, max_retries=retries) as client,  # type: ignore[arg-type]
        pytest.raises(openai.RateLimitError) as refused,
    ):
        client.videos.create(**TOO_LONG)

    _assert_refused(refused.value, asked)


def test_with_retries_of_one_request_it_asks_once_too(options: dict[str, str], asked: list[str]):
    with openai.OpenAI(**options) as client, pytest.raises(openai.RateLimitError) as refused:  # type: ignore[arg-type]
        client.with_options(max_retries=4).videos.create_and_poll(**TOO_LONG)

    _assert_refused(refused.value, asked)


def test_the_asynchronous_client_asks_once_too(options: dict[str, str], asked: list[str]):
    async def create() -> None:
        async with openai.AsyncOpenAI(**options, max_retries=5) as client:  # type: ignore[arg-type]
            await client.videos.create(**TOO_LONG)

    with pytest.raises(openai.RateLimitError) as refused:
        asyncio.run(create())

    _assert_refused(refused.value, asked)


def test_a_remix_that_does_not_fit_is_asked_for_once(
    alice: User, paid: Backend, options: dict[str, str], asked: list[str]
):
    source = VideoFactory(
        owner=alice,
        backend=paid,
        state=State.COMPLETED,
        seconds=12,
        file="videos/x/video.mp4",
        backend_job_id="job_0",
    )
    with openai.OpenAI(**options, max_retries=5) as client, pytest.raises(openai.RateLimitError) as refused:  # type: ignore[arg-type]
        client.videos.remix(source.public_id, prompt="In snow")

    _assert_refused(refused.value, asked, f"/v1/videos/{source.public_id}/remix")


def test_once_there_is_money_it_is_paid_once(alice: User, options: dict[str, str], asked: list[str]):
    set_budget(Target(Scope.USER, user=alice), "month", dollars("0.50"))
    with openai.OpenAI(**options, max_retries=5) as client:  # type: ignore[arg-type]
        client.videos.create(**FITTING)
        with pytest.raises(openai.RateLimitError):
            client.videos.create(**FITTING)

    assert asked == ["/v1/videos"] * 2
    assert sums() == (PRICE, ZERO)
    assert Video.objects.count() == 1
