"""check_storage beside processes that store and delete: what changes meanwhile is not told as wrong."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studio import PROJECT

# Stores and deletes as fast as it can, as workers do: the files first, then the row; and the other way round.
_WORKER = """
import sys, uuid
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from accounts.models import User
from videos import lifecycle
from videos.engine import cleanup
from videos.engine.store import folder_of
from videos.models import Backend, Video
from videos.models.values import StoredFiles

owner = User.objects.get_or_create(username=f"worker{sys.argv[1]}")[0]
backend = Backend.objects.get_or_create(name="Box", defaults={"base_url": "http://box.test/v1"})[0]
made = []
print("ready", flush=True)
while True:
    video = Video(owner=owner, backend=backend, prompt="x", model="sora-2", size="1280x720", seconds=4)
    names = {
        name: default_storage.save(f"{folder_of(video)}/{uuid.uuid4().hex}/{name}", ContentFile(b"x" * 500))
        for name in ("video.mp4", "poster.webp")
    }
    stored = StoredFiles(file=names["video.mp4"], byte_count=500, sha256="", width=1, height=1, duration=1.0,
        poster=names["poster.webp"], scrub_sheet="", scrub_frames=0, scrub_columns=0, container="MP4",
        codec="H.264", browser_file="", browser_byte_count=None, browser_sha256="")
    made.append(lifecycle.create_imported(video, stored).pk)
    if len(made) > 20:
        pk = made.pop(0)
        lifecycle.delete(pk)
        cleanup.clean_up_video(pk)
"""


@pytest.mark.slow
def test_what_is_stored_and_deleted_meanwhile_is_not_told(
    tmp_path: Path, new_data_dir: Callable[[Path], Path]
):
    folder = new_data_dir(tmp_path / "studio")
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "DATA_DIR": str(folder),
        "PYTHONPATH": str(PROJECT),
    }
    environment["DJANGO_SETTINGS_MODULE"] = "contentgen.settings"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(number)],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for _ in range(2):
            ran = run("check_storage", "--deep")
            assert "Storage and database agree" in ran.stdout, ran.stdout + ran.stderr
        assert [worker.poll() for worker in workers] == [None, None]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    # Killed in the middle: what is half there is young, and nothing that is whole was touched.
    assert run("check_storage").returncode == 0
