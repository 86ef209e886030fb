"""OpenAI's own Python SDK, unchanged, through every videos method it has, against a running studio."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import openai
import pytest
from openai import AsyncOpenAI, BaseModel, OpenAI
from openai.types import Video

from tests.e2e.openai.api_access import SIZE, ApiAccess, photo
from tests.media.conftest import write_video
from tests.studio import PROJECT

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")]

T = TypeVar("T", bound=BaseModel)


@pytest.fixture
def client(api_access: ApiAccess) -> Iterator[OpenAI]:
    with OpenAI(base_url=api_access.base_url, api_key=api_access.token) as client:
        yield client


@pytest.fixture(scope="module")
def finished(api_access: ApiAccess) -> str:
    """The id of a finished video."""
    with OpenAI(base_url=api_access.base_url, api_key=api_access.token) as client:
        return client.videos.create_and_poll(prompt="A quiet lake at dawn", size=SIZE).id


def strict(response: T) -> T:
    """Validate the response strictly against the SDK's own model; the SDK itself does not."""
    type(response).model_validate(response.to_dict(), strict=True)
    return response


def test_create_wait_download_list_and_delete(client: OpenAI, api_access: ApiAccess):
    reference = ("photo.png", photo(), "image/png")
    made = strict(
        client.videos.create(
            prompt="Green drifts", model="sora-2", seconds="4", size=SIZE, input_reference=reference
        )
    )
    done = strict(client.videos.poll(made.id))
    waited = strict(
        client.videos.create_and_poll(prompt="Green drifts", model="sora-2", seconds="4", size=SIZE)
    )

    assert (made.status, made.seconds, made.size, made.model) == ("queued", "4", SIZE, "sora-2")
    assert (done.id, done.status, done.progress) == (made.id, "completed", 100)
    assert waited.status == "completed"
    assert api_access.count_billed_jobs("Green drifts") == 2
    video = client.videos.download_content(made.id).read()
    assert video == client.videos.download_content(made.id, variant="video").read()
    assert video[4:8] == b"ftyp"
    assert client.videos.download_content(made.id, variant="thumbnail").read()[8:12] == b"WEBP"
    assert client.videos.download_content(made.id, variant="spritesheet").read()[:2] == b"\xff\xd8"
    listed = [strict(video).id for video in client.videos.list(limit=1)]
    assert listed[:2] == [waited.id, made.id]
    assert [video.id for video in client.videos.list(order="asc", limit=100)] == listed[::-1]
    deleted = strict(client.videos.delete(made.id))
    assert (deleted.id, deleted.deleted) == (made.id, True)
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(made.id)


def test_derived_videos_are_accepted(client: OpenAI, finished: str, tmp_path: Path):
    own = ("own.mp4", client.videos.download_content(finished).read(), "video/mp4")
    foreign = ("clip.mp4", write_video(tmp_path / "clip.mp4", size=(1280, 720)).read_bytes(), "video/mp4")

    remix = strict(client.videos.remix(finished, prompt="in snow"))
    edits = [strict(client.videos.edit(prompt="at night", video=video)) for video in (own, foreign)]
    longer = [strict(client.videos.extend(prompt="on", video=video, seconds="8")) for video in (own, foreign)]
    by_id = strict(
        client.post("/videos/edits", body={"prompt": "x", "video": {"id": finished}}, cast_to=Video)
    )

    assert remix.remixed_from_video_id == finished
    assert [video.seconds for video in edits] == ["4", "2"]
    assert [video.seconds for video in longer] == ["12", "10"]
    assert {video.status for video in [remix, *edits, *longer, by_id]} <= {"queued", "in_progress"}


def test_derived_videos_are_completed(client: OpenAI, finished: str, tmp_path: Path):
    foreign = ("clip.mp4", write_video(tmp_path / "other.mp4", size=(1280, 720)).read_bytes(), "video/mp4")

    jobs = [
        client.videos.remix(finished, prompt="in rain"),
        client.videos.edit(prompt="at noon", video=foreign),
        client.videos.extend(prompt="and on", video=foreign, seconds="4"),
    ]
    done = [strict(client.videos.poll(job.id)) for job in jobs]

    assert [(video.status, video.error) for video in done] == [("completed", None)] * 3
    assert [video.seconds for video in done] == ["4", "2", "6"]


def test_a_character_is_created_and_used(client: OpenAI, finished: str):
    clip = ("ada.mp4", client.videos.download_content(finished).read(), "video/mp4")

    ada = strict(client.videos.create_character(name="Ada", video=clip))
    found = strict(client.videos.get_character(str(ada.id)))
    cast = {"characters": [{"id": ada.id}]}
    video = client.videos.create_and_poll(prompt="Ada waves", size=SIZE, extra_body=cast)

    assert (found.id, found.name) == (ada.id, "Ada")
    assert (video.status, video.error) == ("completed", None)


def test_errors_raise_the_sdks_exceptions(client: OpenAI, api_access: ApiAccess):
    with pytest.raises(openai.BadRequestError) as refused:
        client.videos.create(prompt="a", size="640x480")  # type: ignore[arg-type]
    assert (refused.value.param, refused.value.code) == ("size", "invalid_value")
    with pytest.raises(openai.NotFoundError):
        client.videos.download_content("video_nobody_has")
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="cg_wrong").videos.list()
    assert api_access.count_billed_jobs("a") == 0


def test_models_are_listed_and_retrieved(client: OpenAI):
    names = [strict(model).id for model in client.models.list()]

    assert "sora-2" in names
    assert client.models.retrieve("sora-2").owned_by == "Simulator"


def test_every_method_of_the_async_client(api_access: ApiAccess, finished: str):
    async def call_every_method() -> None:
        async with AsyncOpenAI(base_url=api_access.base_url, api_key=api_access.token) as client:
            videos = client.videos
            reference = ("photo.png", photo(), "image/png")
            made = strict(await videos.create(prompt="A sea", size=SIZE, input_reference=reference))
            assert strict(await videos.poll(made.id)).status == "completed"
            assert strict(await videos.create_and_poll(prompt="A sea", size=SIZE)).status == "completed"
            assert strict(await videos.retrieve(made.id)).id == made.id
            video = await (await videos.download_content(made.id)).aread()
            upload = ("a.mp4", video, "video/mp4")
            assert strict(await videos.remix(made.id, prompt="b")).remixed_from_video_id == made.id
            assert strict(await videos.edit(prompt="c", video=upload)).seconds == "4"
            assert strict(await videos.extend(prompt="d", video=upload, seconds="4")).seconds == "8"
            bea = strict(await videos.create_character(name="Bea", video=upload))
            assert strict(await videos.get_character(str(bea.id))).name == "Bea"
            assert made.id in [video.id async for video in videos.list(limit=2)]
            assert strict(await videos.delete(made.id)).deleted is True

    # In its own thread: in this one, another test's browser has left a running event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, call_every_method()).result()


def test_the_documented_example_as_it_stands(api_access: ApiAccess, tmp_path: Path):
    section = (PROJECT / "docs/api.md").read_text().partition("## Your OpenAI scripts, unchanged")[2]
    example = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert example is not None
    for line in ("OPENAI_BASE_URL=http", "OPENAI_API_KEY=cg_"):
        assert line in section

    done = subprocess.run(
        [sys.executable, "-c", example[1]],
        env={**os.environ, **api_access.settings},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lake.mp4").read_bytes()[4:8] == b"ftyp"
