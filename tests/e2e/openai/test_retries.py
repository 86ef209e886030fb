"""The SDK asks again when a reply is lost. Whatever it asks, one wish is one paid job."""

from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from tests.e2e.openai.programs import SIZE, Lossy, Program

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")]


@pytest.fixture
def direct(program: Program) -> Iterator[OpenAI]:
    with OpenAI(base_url=program.base_url, api_key=program.token) as client:
        yield client


def _jobs(client: OpenAI, prompt: str) -> list[str]:
    """All that the studio has with that prompt, each finished."""
    ids = [video.id for video in client.videos.list(limit=100) if video.prompt == prompt]
    for public_id in ids:
        client.videos.poll(public_id)
    return ids


def test_a_create_whose_replies_are_lost(program: Program, direct: OpenAI):
    prompt = "A kite without a string"
    with (
        Lossy(program.base_url, ["lose", "lose"]).running() as proxy,
        OpenAI(base_url=proxy.base_url, api_key=program.token) as client,
    ):
        video = client.videos.create(prompt=prompt, size=SIZE)

    assert proxy.retries == ["0", "1", "2"]
    assert _jobs(direct, prompt) == [video.id]
    assert program.billed(prompt) == 1


def test_a_create_whose_replies_are_all_lost(program: Program, direct: OpenAI):
    prompt = "A letter nobody answers"
    with (
        Lossy(program.base_url, ["lose"] * 3).running() as proxy,
        OpenAI(base_url=proxy.base_url, api_key=program.token) as client,
        pytest.raises(openai.APIConnectionError),
    ):
        client.videos.create(prompt=prompt, size=SIZE)

    assert len(_jobs(direct, prompt)) == 1
    assert program.billed(prompt) == 1


def test_a_remix_whose_reply_is_lost(program: Program, direct: OpenAI):
    source = direct.videos.create_and_poll(prompt="A harbour", size=SIZE)
    prompt = "The harbour in fog"
    with (
        Lossy(program.base_url, ["lose"]).running() as proxy,
        OpenAI(base_url=proxy.base_url, api_key=program.token) as client,
    ):
        video = client.videos.remix(source.id, prompt=prompt)

    assert proxy.retries == ["0", "1"]
    assert _jobs(direct, prompt) == [video.id]
    assert program.billed(prompt) == 1


def test_a_first_request_that_its_own_retry_overtakes(program: Program, direct: OpenAI):
    prompt = "The tortoise and the hare"
    with (
        Lossy(program.base_url, ["hold"]).running() as proxy,
        OpenAI(base_url=proxy.base_url, api_key=program.token, timeout=3) as client,
    ):
        video = client.with_options(timeout=3).videos.create(prompt=prompt, size=SIZE)
        late = proxy.release()

    assert late["id"] == video.id
    assert _jobs(direct, prompt) == [video.id]
    assert program.billed(prompt) == 1


def test_asking_twice_is_two_jobs(program: Program, direct: OpenAI):
    prompt = "Two of the same"

    ids = {direct.videos.create(prompt=prompt, size=SIZE).id for _ in range(2)}

    assert set(_jobs(direct, prompt)) == ids
    assert len(ids) == program.billed(prompt) == 2
