"""Processes on hosts that share a database, a broker and a store, and no disk.

A video is made end to end, and another one in a browser, which asks at one host and plays at another.
"""

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from honcho.environ import parse_procfile
from PIL import Image
from playwright.sync_api import sync_playwright

from contentgen.object_storage import ObjectStorage
from contentgen.run import embedded
from contentgen.storage_address import ObjectStore
from tests.chaos.processes import Processes
from tests.storage.test_browser import chromium as chromium  # a fixture here too
from tests.studio import PROJECT, TIMEOUT, free_port, wait_until

PLAY_AND_SEEK = """async () => {
  const video = document.querySelector("video");
  video.muted = true;
  await video.play();
  video.pause();
  video.currentTime = 0.5;
  await new Promise(resolve => { video.onseeked = resolve; });
  return video.currentTime === 0.5 && video.error === null;
}"""
PASSWORD = "correct-horse-battery-staple-9"  # of a studio that lives for a minute
HOSTS = {"one": ("worker", "network", "beat"), "two": ("downloads",), "three": ()}


@pytest.fixture
def shared(new_data_dir: Callable[[Path], Path], place: ObjectStore, tmp_path: Path) -> dict[str, str]:
    """What all hosts have in common. The file of SQLite stands for a server of databases."""
    server = new_data_dir(tmp_path / "server")
    return {
        "ENV_FILE": "",
        "SECRET_KEY": "of-all-hosts-" * 4,
        "DATABASE_URL": f"sqlite:///{server / 'db.sqlite3'}",
        "OWNER_PASSWORD": PASSWORD,
        "BIND": "127.0.0.1",
        "WEB_CONCURRENCY": "1",
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


def _start_hosts(shared: dict[str, str], processes: Processes, folder: Path) -> None:
    for host in HOSTS:
        (folder / host).mkdir()
    if not (folder / "server" / "db.sqlite3").exists():  # where the tests run on PostgreSQL
        _manage(shared, folder / "three", "migrate", "-v0")
    _manage(shared, folder / "three", "ensure_owner")
    lines = parse_procfile((PROJECT / "Procfile").read_text()).processes
    for host, kinds in HOSTS.items():
        for kind in kinds:
            command = re.sub(r"-n (\w+)@", rf"-n \g<1>-{host}@", lines[kind])
            processes.add(f"{kind}-{host}", command, DATA_DIR=str(folder / host))


@pytest.mark.slow
def test_a_video_is_made_by_hosts_that_share_no_disk(
    shared: dict[str, str], processes: Processes, storage: ObjectStorage, tmp_path: Path
):
    three = tmp_path / "three"
    _start_hosts(shared, processes, tmp_path)
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


@pytest.mark.drill
@pytest.mark.e2e
def test_a_browser_meets_another_host_at_each_step(
    shared: dict[str, str], processes: Processes, storage: ObjectStorage, tmp_path: Path, chromium: str
):
    _start_hosts(shared, processes, tmp_path)
    webs = [_start_web(processes, tmp_path, host) for host in ("three", "four")]
    picture = tmp_path / "picture.png"
    Image.new("RGB", (640, 360), (40, 90, 160)).save(picture)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT * 1000)
        page.goto(webs[0])
        page.get_by_label("Username").fill("owner")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("textbox", name="Prompt").fill("A fox in the snow")
        page.set_input_files("input[name=input_reference]", picture)
        page.get_by_role("button", name="Generate").click()
        link = page.get_by_role("link", name="A fox in the snow", exact=True).first
        path = link.get_attribute("href")

        page.goto(f"{webs[1]}{path}")
        page.locator("video").first.wait_for(timeout=TIMEOUT * 1000)
        assert page.evaluate(PLAY_AND_SEEK) is True
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").first.click()
        content = download.value.path().read_bytes()
        browser.close()

    (name,) = [each.name for each in storage.walk() if each.name.endswith("/video.mp4")]
    assert storage.recorded_sha256(name) == hashlib.sha256(content).hexdigest()
    assert any(each.name.startswith("references/") for each in storage.walk())
    assert not (tmp_path / "three" / "media").exists()
    assert not (tmp_path / "four" / "media").exists()


def _start_web(processes: Processes, folder: Path, host: str) -> str:
    """Start a web process on the host, and return its address once it answers."""
    (folder / host).mkdir(exist_ok=True)
    line = parse_procfile((PROJECT / "Procfile").read_text()).processes["web"]
    port = free_port()
    processes.add(f"web-{host}", line, DATA_DIR=str(folder / host), PORT=str(port))
    wait_until(lambda: _answers(port))
    return f"http://127.0.0.1:{port}"


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=5).is_success
    except httpx.HTTPError:
        return False
