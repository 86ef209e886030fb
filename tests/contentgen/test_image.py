"""What the Dockerfile does, without an engine, on what `.dockerignore` lets into the image."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.studio import PROJECT, NewDataDir, free_port, wait_until

pytestmark = [pytest.mark.drill, pytest.mark.django_db]

DOCKERFILE = (PROJECT / "Dockerfile").read_text().replace("\\\n", " ")
PRODUCTION = {
    "SECRET_KEY": "5f0c-of-a-test-and-no-secret-9d1e-0123456789-abcdefghij",
    "ALLOWED_HOSTS": "localhost",
    "PUBLIC_URL": "https://localhost",
    "REDIS_URL": "redis://127.0.0.1:1",
    "TRUST_PROXY": "1",
}


def _copy_context(target: Path) -> None:
    """What `COPY . .` finds."""
    names = re.findall(r"^!([\w.]+)", (PROJECT / ".dockerignore").read_text(), re.MULTILINE)
    target.mkdir()
    for source in (PROJECT / name for name in names):
        if source.is_dir():
            shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def _variables() -> dict[str, str]:
    """Return what the last stage's `ENV` sets."""
    pairs = re.findall(r"^ENV (.+)", DOCKERFILE.rpartition("\nFROM ")[2], re.MULTILINE)
    return dict(pair.split("=", 1) for pair in shlex.split(" ".join(pairs)))


def _list_of(instruction: str) -> list[str]:
    found = re.search(rf"^{instruction} .*?\[(.+)\]$", DOCKERFILE, re.MULTILINE)
    assert found
    return re.findall('"([^"]+)"', found[1])


def test_the_image_is_built_starts_and_is_healthy(new_data_dir: NewDataDir, tmp_path: Path):
    app, data = tmp_path / "app", new_data_dir(tmp_path / "data")
    _copy_context(app)
    build = re.search(r"^RUN (.*collectstatic.*)", DOCKERFILE, re.MULTILINE)
    assert build
    step = build[1].replace("/venv/bin/python", sys.executable)
    step = re.sub(r"DATA_DIR=\S+", f"DATA_DIR={tmp_path / 'built'}", step)
    path = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}"}
    subprocess.run(["sh", "-ec", step], cwd=app, env=path, check=True, timeout=1200)
    assert (app / "staticfiles/staticfiles.json").exists()
    assert list(app.glob("contentgen/__pycache__/wsgi.*.pyc"))

    port = free_port()
    environment = {**_variables(), **PRODUCTION, **path, "DATA_DIR": str(data), "PORT": str(port)}
    process = subprocess.Popen([*_list_of("ENTRYPOINT"), *_list_of("CMD")[-1:]], cwd=app, env=environment)
    try:
        check = _list_of("HEALTHCHECK")
        wait_until(lambda: subprocess.run(check, cwd=app, env=environment, check=False).returncode == 0)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
