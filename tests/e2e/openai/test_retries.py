"""The SDK retries when a response is lost. However often it does, one request is one billed job."""

from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from tests.e2e.openai.api_access import SIZE, ApiAccess
from tests.e2e.openai.lossy_proxy import LossyProxy

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")]


@pytest.fixture
def direct(api_access: ApiAccess) -> Iterator[OpenAI]:
    with OpenAI(base_url=api_access.base_url, api_key=api_access.token) as client:
        yield client


def _finished_ids(client: OpenAI, prompt: str) -> list[str]:
    """Wait until all of the studio's videos with this prompt are finished, and return their ids."""
    ids = [video.id for video in client.videos.list(limit=100) if video.prompt == prompt]
    for public_id in ids:
        client.videos.poll(public_id)
    return ids


def test_a_create_with_two_lost_responses(api_access: ApiAccess, direct: OpenAI):
    prompt = "A kite without a string"
    with (
        LossyProxy(api_access.base_url, ["lose", "lose"]).running() as proxy,
        OpenAI(base_url=proxy.base_url, api_key=api_access.token) as client,
    ):
        video = client.videos.create(prompt=prompt, size=SIZE)

    assert proxy.retries == ["0", "1", "2"]
    assert _finished_ids(direct, prompt) == [video.id]
    assert api_access.count_billed_jobs(prompt) == 1


def test_a_create_with_every_response_lost(api_access: ApiAccess, direct: OpenAI):
    prompt = "A letter nobody answers"
    with (
        LossyProxy(api_access.base_url, ["lose"] * 3).running() as proxy,
        OpenAI(base_url=proxy.base_url, api_key=api_access.token) as client,
        pytest.raises(openai.APIConnectionError),
    ):
        client.videos.create(prompt=prompt, size=SIZE)

    assert len(_finished_ids(direct, prompt)) == 1
    assert api_access.count_billed_jobs(prompt) == 1


def test_a_remix_with_a_lost_response(api_access: ApiAccess, direct: OpenAI):
    source = direct.videos.create_and_poll(prompt="A harbour", size=SIZE)
    prompt = "The harbour in fog"
    with (
        LossyProxy(api_access.base_url, ["lose"]).running() as proxy,
        OpenAI(base_url=proxy.base_url, api_key=api_access.token) as client,
    ):
        video = client.videos.remix(source.id, prompt=prompt)

    assert proxy.retries == ["0", "1"]
    assert _finished_ids(direct, prompt) == [video.id]
    assert api_access.count_billed_jobs(prompt) == 1


def test_a_request_that_arrives_after_its_retry(api_access: ApiAccess, direct: OpenAI):
    prompt = "The tortoise and the hare"
    with (
        LossyProxy(api_access.base_url, ["hold"]).running() as proxy,
        OpenAI(base_url=proxy.base_url, api_key=api_access.token, timeout=3) as client,
    ):
        video = client.with_options(timeout=3).videos.create(prompt=prompt, size=SIZE)
        late = proxy.release()

    assert late["id"] == video.id
    assert _finished_ids(direct, prompt) == [video.id]
    assert api_access.count_billed_jobs(prompt) == 1


def test_two_requests_are_two_jobs(api_access: ApiAccess, direct: OpenAI):
    prompt = "Two of the same"

    ids = {direct.videos.create(prompt=prompt, size=SIZE).id for _ in range(2)}

    assert set(_finished_ids(direct, prompt)) == ids
    assert len(ids) == api_access.count_billed_jobs(prompt) == 2
