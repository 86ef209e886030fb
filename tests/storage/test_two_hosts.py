"""Processes on hosts that share a database, a broker and a store, and no disk: a video is made end to end."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from honcho.environ import parse_procfile
from PIL import Image

from contentgen.object_storage import ObjectStorage
from contentgen.run import embedded
from contentgen.storage_address import ObjectStore
from tests.chaos.processes import Processes
from tests.studio import PROJECT, TIMEOUT, free_port

HOSTS = {"one": ("worker", "network", "beat"), "two": ("downloads",), "three": ()}


@pytest.fixture
def shared(new_data_dir: Callable[[Path], Path], place: ObjectStore, tmp_path: Path) -> dict[str, str]:
    """What all hosts have in common. The file of SQLite stands for a server of databases."""
    server = new_data_dir(tmp_path / "server")
    return {
        "ENV_FILE": "",
        "SECRET_KEY": "of-all-hosts-" * 4,
        "DATABASE_URL": f"sqlite:///{server / 'db.sqlite3'}",
        "STORAGE_URL": f"s3://{place.bucket}/{place.prefix}?endpoint={place.endpoint}&region={place.region}",
        "STORAGE_KEY_ID": "a-key",
        "STORAGE_SECRET_KEY": "a-secret-of-the-store",
    }


@pytest.fixture
def processes(shared: dict[str, str], tmp_path: Path) -> Iterator[Processes]:
    command, shared["REDIS_URL"] = embedded.prepare_valkey(tmp_path / "valkey")
    port = free_port()
    shared["SIMULATOR_URL"] = f"http://127.0.0.1:{port}/v1"
    (tmp_path / "logs").mkdir()
    running = Processes(shared, tmp_path / "logs")
    try:
        running.add("valkey", command)
        running.add_simulator(port, tmp_path / "simulator", duration=1.0, rules="")
        yield running
    finally:
        running.stop()


def _manage(shared: dict[str, str], data: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**shared, "DATA_DIR": str(data), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_a_video_is_made_by_hosts_that_share_no_disk(
    shared: dict[str, str], processes: Processes, storage: ObjectStorage, tmp_path: Path
):
    three = tmp_path / "three"
    for host in HOSTS:
        (tmp_path / host).mkdir()
    if not (tmp_path / "server" / "db.sqlite3").exists():  # where the tests run on PostgreSQL
        _manage(shared, three, "migrate", "-v0")
    _manage(shared, three, "ensure_owner")
    lines = parse_procfile((PROJECT / "Procfile").read_text()).processes
    for host, kinds in HOSTS.items():
        for kind in kinds:
            command = re.sub(r"-n (\w+)@", rf"-n \g<1>-{host}@", lines[kind])
            processes.add(f"{kind}-{host}", command, DATA_DIR=str(tmp_path / host))
    picture, output = tmp_path / "picture.png", tmp_path / "video.mp4"
    Image.new("RGB", (640, 360), (40, 90, 160)).save(picture)

    asked = ["--reference", str(picture), "--wait", "--output", str(output)]
    _manage(shared, three, "generate_video", "A fox in the snow", *asked)

    content = output.read_bytes()
    names = [each.name for each in storage.walk()]
    (name,) = [each for each in names if each.endswith("/video.mp4")]
    assert storage.recorded_sha256(name) == hashlib.sha256(content).hexdigest()
    assert any(each.endswith("/poster.webp") for each in names)
    assert any(each.startswith("references/") for each in names)
    assert any(each.startswith("studio/submissions/") for each in names)
    for host in HOSTS:  # nothing of it is left on any of them
        left = [
            path for path in (tmp_path / host).rglob("*") if path.suffix in (".mp4", ".webp", ".jpg", ".png")
        ]
        assert left == []
        assert not (tmp_path / host / "media").exists()
    logs = "".join(path.read_text() for path in (tmp_path / "logs").iterdir())
    assert "a-secret-of-the-store" not in logs
    assert "X-Amz-Signature" not in logs
    assert "Traceback" not in logs
