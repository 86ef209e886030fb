"""OpenAI's own SDK for Node, unchanged. Without Node and npm it skips, but not in CI."""

import base64
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.openai.api_access import ApiAccess, photo

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parent / "node"


def _skip_unless_ci(reason: str) -> None:
    pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the script, with the SDK installed."""
    if not shutil.which("node") or not shutil.which("npm"):
        _skip_unless_ci("Node is not installed (Debian: apt install nodejs npm)")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "videos.mjs"):
        shutil.copy(SCRIPT / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    if installed.returncode:
        _skip_unless_ci(f"npm cannot install the SDK: {installed.stderr[-500:]}")
    return folder


def test_create_poll_download_edit_list_and_delete(folder: Path, api_access: ApiAccess):
    environment = {**os.environ, **api_access.settings, "PHOTO": base64.b64encode(photo()).decode()}

    done = subprocess.run(
        ["node", "videos.mjs"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("video_")
    assert api_access.count_billed_jobs("A fox in the snow") == 1
