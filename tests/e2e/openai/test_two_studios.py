"""A studio is a Videos API server as well: another studio can use it as its backend."""

import hashlib
import signal
from pathlib import Path

import pytest
from openai import OpenAI

from tests.e2e.conftest import PASSWORD, USERNAME
from tests.e2e.openai.api_access import SIZE, ApiAccess
from tests.studio import READY, NewDataDir, Studio, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")]


def test_both_studios_have_the_same_video(
    api_access: ApiAccess, simulator: str, new_data_dir: NewDataDir, tmp_path: Path
):
    owner = {"OWNER_USERNAME": USERNAME, "OWNER_PASSWORD": PASSWORD}
    folder = new_data_dir(tmp_path / "data")
    front = Studio(folder, free_port(), tmp_path / "log", **owner, **api_access.settings)
    try:
        front.wait_for(READY)
        front_access = ApiAccess(front, simulator)
        with (
            OpenAI(base_url=api_access.base_url, api_key=api_access.token) as backend,
            OpenAI(base_url=front_access.base_url, api_key=front_access.token) as client,
        ):
            made = client.videos.create_and_poll(prompt="A message in a bottle", size=SIZE)
            assert (made.status, made.error) == ("completed", None)
            (original,) = [video.id for video in backend.videos.list() if video.prompt == made.prompt]
            videos = [backend.videos.download_content(original), client.videos.download_content(made.id)]
            assert len({hashlib.sha256(video.read()).hexdigest() for video in videos}) == 1
            assert api_access.count_billed_jobs("A message in a bottle") == 1
    finally:
        assert front.stop(signal.SIGINT) == 0
    assert "Traceback" not in front.log.read_text()
