"""The commands of the section “REST API” in docs/api.md, run as they stand against a running studio."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import USERNAME
from tests.studio import PROJECT, Studio, wait_until

pytestmark = pytest.mark.e2e
ADDRESS = "http://127.0.0.1:8000"


def _commands() -> list[str]:
    """Return the commands of the section in order."""
    section = (PROJECT / "docs/api.md").read_text().split("\n## REST API\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip()]


@pytest.fixture
def curl() -> str:
    path = shutil.which("curl")
    if path is None:
        reason = "curl is not installed (Debian: apt install curl)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return path


class Shell:
    """Runs commands in one folder, with the same environment variables."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    def run_json(self, command: str) -> dict:
        reply = json.loads(self.run(command))
        assert "error" not in reply or reply["error"] is None, (command, reply)
        return reply


def test_the_documented_commands_work(studio: Studio, curl: str, tmp_path: Path):
    exports, calls = _commands()[:2], _commands()[2:]
    made = studio.manage("create_token", USERNAME, "--name", "My script")
    assert made.returncode == 0, made.stderr
    assert "create_token owner" in exports[0]
    assert exports[1] == f"export STUDIO={ADDRESS}"
    path = os.environ["PATH"]
    shell = Shell(tmp_path, {"PATH": path, "TOKEN": made.stdout.strip(), "STUDIO": studio.url})
    for name in ("photo", "start", "end", "ada", "coat"):
        shutil.copy(_photo(tmp_path), tmp_path / f"{name}.jpg")
    generate, image, frames, retrieve, download, thumbnail, listed, *others = calls
    remix, extend, many, models, usage, delete = others

    video = shell.run_json(generate)
    assert shell.run_json(generate)["id"] == video["id"], "its Idempotency-Key was not honoured"
    shell.environment["ID"] = video["id"]
    assert shell.run_json(image)["has_reference"] is True
    assert len(shell.run_json(frames)["references"]) == 2
    wait_until(lambda: shell.run_json(retrieve)["status"] == "completed")
    shell.run(download)
    shell.run(thumbnail)
    assert (tmp_path / "boat.mp4").read_bytes()[4:8] == b"ftyp"
    assert (tmp_path / "boat.webp").read_bytes()[8:12] == b"WEBP"
    assert video["id"] in [each["id"] for each in shell.run_json(listed)["data"]]
    for command, kind in ((remix, "remix"), (extend, "extend")):
        assert shell.run_json(command)["kind"] == kind
    results = shell.run_json(many)["data"]
    assert results
    assert {each["result"] for each in results} <= {"done", "not_possible", "not_found"}
    assert "sora-2" in [each["id"] for each in shell.run_json(models)["data"]]
    assert "total" in shell.run_json(usage)
    assert shell.run_json(delete)["deleted"] is True
    assert json.loads(shell.run(retrieve))["error"]["code"] == "not_found"


def _photo(folder: Path) -> Path:
    from PIL import Image

    path = folder / "made.jpg"
    Image.new("RGB", (640, 480), (40, 90, 160)).save(path)
    return path
