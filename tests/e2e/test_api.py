"""The commands of the section “REST API” in docs/api.md, run as they stand against a running studio."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import USERNAME
from tests.running import PROJECT, Studio, wait_until

pytestmark = pytest.mark.e2e
ADDRESS = "http://127.0.0.1:8000"


def _commands() -> list[str]:
    """The blocks of the section in their order, each command on its own."""
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
    """One shell's worth of variables, in a folder of its own."""

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

    def asked(self, command: str) -> dict:
        answer = json.loads(self.run(command))
        assert "error" not in answer or answer["error"] is None, (command, answer)
        return answer


def test_the_documented_commands_work(studio: Studio, curl: str, tmp_path: Path):
    exports, asks = _commands()[:2], _commands()[2:]
    made = studio.manage("create_token", USERNAME, "--name", "My script")
    assert made.returncode == 0, made.stderr
    assert "create_token owner" in exports[0]
    assert exports[1] == f"export STUDIO={ADDRESS}"
    path = os.environ["PATH"]
    shell = Shell(tmp_path, {"PATH": path, "TOKEN": made.stdout.strip(), "STUDIO": studio.url})
    shutil.copy(_photo(tmp_path), tmp_path / "photo.jpg")
    generate, image, look, film, thumbnail, listed, remix, extend, models, usage, delete = asks

    video = shell.asked(generate)
    assert shell.asked(generate)["id"] == video["id"], "its Idempotency-Key was not honoured"
    shell.environment["ID"] = video["id"]
    assert shell.asked(image)["has_reference"] is True
    wait_until(lambda: shell.asked(look)["status"] == "completed")
    shell.run(film)
    shell.run(thumbnail)
    assert (tmp_path / "boat.mp4").read_bytes()[4:8] == b"ftyp"
    assert (tmp_path / "boat.webp").read_bytes()[8:12] == b"WEBP"
    assert video["id"] in [each["id"] for each in shell.asked(listed)["data"]]
    for command, kind in ((remix, "remix"), (extend, "extend")):
        assert shell.asked(command)["kind"] == kind
    assert "sora-2" in [each["id"] for each in shell.asked(models)["data"]]
    assert "total" in shell.asked(usage)
    assert shell.asked(delete)["deleted"] is True
    assert json.loads(shell.run(look))["error"]["code"] == "not_found"


def _photo(folder: Path) -> Path:
    from PIL import Image

    path = folder / "made.jpg"
    Image.new("RGB", (640, 480), (40, 90, 160)).save(path)
    return path
