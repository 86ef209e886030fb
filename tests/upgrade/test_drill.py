"""The version before is upgraded to this one while it is in use, and nobody notices."""

import os
import subprocess
import sys

import pytest

from tests.studio import PROJECT
from tests.upgrade.checkout import NoHistoryError, base_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def test_a_rolling_upgrade_loses_nothing_and_shows_no_error():
    try:
        base_of("")
    except NoHistoryError as error:
        pytest.skip(f"there is no version before: {error}")
    drill = [sys.executable, "-m", "tests.upgrade", "--videos", "12"]
    database = os.environ.get("TEST_DATABASE_URL", "sqlite")

    done = subprocess.run(
        [*drill, "--database", database],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "violations 0" in done.stdout
