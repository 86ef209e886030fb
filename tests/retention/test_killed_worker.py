"""A real worker that is killed between changing the row and removing the file, and the next one."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studio import PROJECT, TIMEOUT

PREPARE = """
import hashlib
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage as storage
from tests.factories import UserFactory, VideoFactory
from django.utils import timezone
from datetime import timedelta
files = {"videos/a/video.mov": b"original", "videos/a/browser.mp4": b"copy"}
names = [storage.save(name, ContentFile(content)) for name, content in files.items()]
sums = [hashlib.sha256(content).hexdigest() for content in files.values()]
VideoFactory(
    owner=UserFactory(), state="completed", codec="ProRes", container="QuickTime",
    file=names[0], byte_count=8, sha256=sums[0],
    browser_file=names[1], browser_byte_count=4, browser_sha256=sums[1],
    finished_at=timezone.now() - timedelta(days=40),
)
"""
KILLED = """
import os, signal
from contentgen.storage import AtomicFileSystemStorage
from videos.engine import ageing
AtomicFileSystemStorage.delete = lambda self, name: os.kill(os.getpid(), signal.SIGKILL)
ageing.run()
"""
LOOK = """
from videos.models import DiscardedFile, Video
video = Video.objects.get()
print(video.file.name, video.browser_file.name or "-", video.original_codec, DiscardedFile.objects.count())
"""


@pytest.mark.slow
def test_the_next_worker_removes_what_a_killed_one_left(
    new_data_dir: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = new_data_dir(tmp_path / "data")
    for name, value in {"DATA_DIR": str(folder), "ORIGINAL_DAYS": "30", "ENV_FILE": ""}.items():
        monkeypatch.setenv(name, value)
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, timeout=TIMEOUT)

    assert run("shell", "-v0", "-c", PREPARE).returncode == 0
    original = folder / "media/videos/a/video.mov"

    assert run("shell", "-v0", "-c", KILLED).returncode == -9
    assert original.exists()
    assert run("shell", "-v0", "-c", LOOK).stdout.split()[-4:] == ["videos/a/browser.mp4", "-", "ProRes", "1"]

    assert run("retention").returncode == 0
    assert not original.exists()
    assert (folder / "media/videos/a/browser.mp4").read_bytes() == b"copy"
    assert run("shell", "-v0", "-c", LOOK).stdout.split()[-1] == "0"
