"""The web process does without the vendors' packages until it speaks to such a service."""

import os
import subprocess
import sys
from pathlib import Path

from tests.studio import PROJECT, NewDataDir

VENDORS = ("openai", "google", "av", "PIL")
PAGES = (
    "/",
    "/models/",
    "/models/settings?choose=acme/cloud",
    "/library/",
    "/templates/",
    "/templates/new",
    "/admin/videos/backend/",
    "/admin/videos/videomodel/",
    "/api/v1/models",
)
_VISIT = """
import sys
from contentgen.wsgi import application
from django.test import Client
from accounts.models import User
from videos.models import Backend, VideoModel

chief = User.objects.create(username="chief", is_staff=True, is_superuser=True)
for service in ("gemini", "openrouter", "together", "videos-api"):
    backend = Backend.objects.create(name=service, service=service, base_url="https://cloud.example/v1")
    backend.models.add(VideoModel.objects.create(
        name=f"acme/{service}", label=service, sizes=["1280x720"], seconds=[4], described_by=backend))
client = Client(headers={"host": "127.0.0.1"})
client.force_login(chief)
for page in PAGES:
    assert client.get(page).status_code == 200, page
print(*(name for name in VENDORS if name in sys.modules))
"""


def test_pages_import_no_vendors_package(new_data_dir: NewDataDir, tmp_path: Path):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {
        **kept,
        "ENV_FILE": "",
        "DATA_DIR": str(new_data_dir(tmp_path / "data")),
        "DJANGO_SETTINGS_MODULE": "contentgen.settings",
    }
    script = f"VENDORS, PAGES = {VENDORS!r}, {PAGES!r}\n{_VISIT}"

    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == []
