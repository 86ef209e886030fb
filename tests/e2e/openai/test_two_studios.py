"""A studio is a Videos API server like any other: another studio can get its videos from it."""

import hashlib
import signal
from pathlib import Path

import pytest
from openai import OpenAI

from tests.e2e.conftest import PASSWORD, USERNAME
from tests.e2e.openai.programs import SIZE, Program
from tests.studio import READY, Studio, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")]


def test_the_film_is_the_same_in_both(program: Program, simulator: str, tmp_path: Path):
    owner = {"OWNER_USERNAME": USERNAME, "OWNER_PASSWORD": PASSWORD}
    behind = Studio(tmp_path / "data", free_port(), tmp_path / "log", **owner, **program.settings)
    try:
        behind.wait_for(READY)
        second = Program(behind, simulator)
        with (
            OpenAI(base_url=program.base_url, api_key=program.token) as near,
            OpenAI(base_url=second.base_url, api_key=second.token) as far,
        ):
            made = far.videos.create_and_poll(prompt="A message in a bottle", size=SIZE)
            assert (made.status, made.error) == ("completed", None)
            (origin,) = [video.id for video in near.videos.list() if video.prompt == made.prompt]
            films = [near.videos.download_content(origin), far.videos.download_content(made.id)]
            assert len({hashlib.sha256(film.read()).hexdigest() for film in films}) == 1
            assert program.billed("A message in a bottle") == 1
    finally:
        assert behind.stop(signal.SIGINT) == 0
    assert "Traceback" not in behind.log.read_text()
