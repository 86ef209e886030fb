"""A hosted service from the shell to the finished video, with real processes and a fake of the service."""

import secrets
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.dialects.hosted import OpenRouter
from tests.dialects.server import KEY, RecordedRequest, Reply
from tests.engine.conftest import sample_video as mp4  # noqa: F401  # a real MP4
from tests.studio import READY, NewDataDir, Studio, free_port

pytestmark = pytest.mark.e2e


class _Prompt(OpenRouter):
    """Finishes each job when it has been looked at once."""

    def retrieve_reply(self, job: Any) -> Reply:
        reply = super().retrieve_reply(job)
        job.state = "done"
        return reply

    def create(self, request: RecordedRequest) -> Reply:
        with self._lock:
            return super().create(request)

    _lock = threading.Lock()


@pytest.fixture
def studio(new_data_dir: NewDataDir, tmp_path: Path) -> Iterator[Studio]:
    settings = {"OPENROUTER_API_KEY": KEY, "OWNER_USERNAME": "alice", "OWNER_PASSWORD": secrets.token_hex(8)}
    studio = Studio(new_data_dir(tmp_path / "data"), free_port(), tmp_path / "studio.log", **settings)
    try:
        studio.wait_for(READY)
        yield studio
    finally:
        studio.stop(signal.SIGINT)


def test_a_service_is_added_used_and_its_true_price_shown(
    studio: Studio,
    mp4: bytes,  # noqa: F811
    tmp_path: Path,
):
    with _Prompt(mp4) as server:
        added = studio.manage("add_backend", "OpenRouter", server.url, "--service", "openrouter")
        assert added.returncode == 0, added.stderr
        assert "serves google/veo-3.1, runway/gen-4.5" in added.stdout

        target = tmp_path / "fox.mp4"
        arguments = ["--model", "google/veo-3.1", "--seconds", "4", "--size", "1280x720"]
        made = studio.manage("generate_video", "A fox", *arguments, "--wait", "--output", str(target))

        assert made.returncode == 0, made.stderr
        assert target.read_bytes() == mp4
        assert len(server.creates) == 1

    token = studio.manage("create_token", "alice").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    listed = httpx2.get(f"{studio.url}/api/v1/videos", headers=headers, trust_env=False).json()
    (video,) = listed["data"]
    told = [video[name] for name in ("status", "cost", "estimated_cost", "charged_cost")]
    assert told == ["completed", 0.42, 1.6, 0.42]
    log = studio.log.read_text()
    assert KEY not in log + added.stdout + made.stdout + made.stderr
