"""The project's settings for tests: a folder of their own, and nothing from `.env` or the environment."""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

_PROJECT = Path(__file__).resolve().parent.parent
_EVERY_SETTING = re.findall(r"^# ([A-Z_]+)=", (_PROJECT / ".env.example").read_text(), flags=re.MULTILINE)
# A run on PostgreSQL or Redis is asked for by names of their own.
_CHOSEN = {name: os.environ.get(f"TEST_{name}", "") for name in ("DATABASE_URL", "REDIS_URL")}
for _name in (*_EVERY_SETTING, "TRASH_DAYS", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
    os.environ.pop(_name, None)
_folder = Path(tempfile.mkdtemp(prefix="contentgen-tests-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
if _CHOSEN["REDIS_URL"]:
    # Clearing the cache empties a whole Redis database, so each of the processes of pytest-xdist has its own:
    # the one that was named, and those after it.
    _process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    _redis = urlsplit(_CHOSEN["REDIS_URL"])
    _database = int(_redis.path.strip("/") or 0) + _process
    _CHOSEN["REDIS_URL"] = _redis._replace(path=f"/{_database}").geturl()
os.environ.update(_CHOSEN, ENV_FILE="", DATA_DIR=str(_folder))

from contentgen.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; nothing here is a secret

if DATABASES["default"]["ENGINE"] == "contentgen.sqlite":  # noqa: F405
    # A file, as in production: SQLite in memory has neither WAL nor a second connection.
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}  # noqa: F405

# Each test has a client of its own, for which WhiteNoise would look at every static file: 40 ms.
WHITENOISE_AUTOREFRESH = True
