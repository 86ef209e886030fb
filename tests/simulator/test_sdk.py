"""The official SDK, sync and async, with all of its video methods."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import openai
import pytest

from tests.simulator.conftest import SIZE, Simulator, make_image

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.fixture
def client(simulator: Simulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{simulator.url}/v1", api_key="any", max_retries=0) as client:
        yield client


def test_create_retrieve_list_download_delete(client: openai.OpenAI) -> None:
    file = ("a.png", make_image(), "image/png")
    job = client.videos.create(prompt="A lake", size=SIZE, seconds="4", model="sora-2", input_reference=file)
    done = client.videos.retrieve(job.id)
    video = client.videos.download_content(job.id).read()

    assert (job.status, done.status, done.progress) == ("queued", "completed", 100)
    assert video[4:8] == b"ftyp"
    assert client.videos.download_content(job.id, variant="thumbnail").read()[:4] == b"RIFF"
    assert [video.id for video in client.videos.list(limit=1, order="asc")] == [job.id]
    assert client.videos.delete(job.id).deleted is True
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(job.id)


def test_paging_goes_through_all_pages(client: openai.OpenAI) -> None:
    made = [client.videos.create(prompt=f"prompt {number}").id for number in range(5)]

    assert [video.id for video in client.videos.list(limit=2, order="asc")] == made


def test_poll_remix_edit_extend_character(client: openai.OpenAI) -> None:
    job = client.videos.create_and_poll(prompt="A lake", size=SIZE)
    video = ("a.mp4", client.videos.download_content(job.id).read(), "video/mp4")
    character = client.videos.create_character(name="Ada", video=video)

    assert job.status == "completed"
    assert client.videos.remix(job.id, prompt="in snow").remixed_from_video_id == job.id
    assert client.videos.edit(prompt="at night", video=video).seconds == "4"
    assert client.videos.extend(prompt="on", video=video, seconds="8").seconds == "12"
    assert client.videos.get_character(str(character.id)).name == "Ada"
    assert [model.id for model in client.models.list()] == ["sora-2", "sora-2-pro"]


def test_async_methods(simulator: Simulator) -> None:
    async def talk() -> None:
        url = f"{simulator.url}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="any", max_retries=0) as client:
            job = await client.videos.create(prompt="A lake", size=SIZE)
            assert (await client.videos.poll(job.id)).status == "completed"
            video = await (await client.videos.download_content(job.id)).aread()
            upload = ("a.mp4", video, "video/mp4")
            assert (await client.videos.remix(job.id, prompt="b")).status == "queued"
            assert (await client.videos.edit(prompt="c", video=upload)).status == "queued"
            assert (await client.videos.extend(prompt="d", video=upload, seconds="4")).seconds == "8"
            character = await client.videos.create_character(name="Ada", video=upload)
            assert (await client.videos.get_character(str(character.id))).name == "Ada"
            assert len([video.id async for video in client.videos.list(limit=2)]) == 4
            assert (await client.videos.delete(job.id)).deleted is True

    asyncio.run(talk())


def test_errors_raise_the_exceptions_of_the_sdk(client: openai.OpenAI, simulator: Simulator) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.videos.create(prompt="a", size="640x480")  # type: ignore[arg-type]
    simulator.inject_fault(on="create", kind="rate_limit", times=1)
    with pytest.raises(openai.RateLimitError):
        client.videos.create(prompt="a")

    assert refused.value.param == "size"
    assert simulator.ledger() == []


def test_a_blind_retry_is_billed_twice(simulator: Simulator) -> None:
    simulator.inject_fault(on="create", kind="error_after", times=1)
    with openai.OpenAI(base_url=f"{simulator.url}/v1", api_key="any", max_retries=1) as client:
        client.videos.create(prompt="once, please")

    assert [entry["prompt"] for entry in simulator.ledger()] == ["once, please"] * 2
