"""What the tests of the commands share: running one, and letting things happen while it waits."""

from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core.management import call_command
from PIL import Image

from tests.simulator.conftest import start_simulator as start_simulator  # a fixture here too


@pytest.fixture
def picture() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (640, 360), (40, 90, 160)).save(buffer, "PNG")
    return buffer.getvalue()


class Ran:
    """What a command wrote."""

    def __init__(self) -> None:
        self.stdout, self.stderr = StringIO(), StringIO()

    @property
    def out(self) -> str:
        return self.stdout.getvalue()

    @property
    def err(self) -> str:
        return self.stderr.getvalue()


@pytest.fixture
def ran() -> Ran:
    return Ran()


@pytest.fixture
def run(ran: Ran) -> Callable[..., Ran]:
    """Run a management command, keeping what it wrote in `ran` also when it fails."""

    def call(*args: Any, **options: Any) -> Ran:
        call_command(*args, stdout=ran.stdout, stderr=ran.stderr, **options)
        return ran

    return call


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let each given step happen in one pause of a command that waits. A pause too many fails the test."""

    def plan(*steps: Callable[[], object]) -> None:
        left = list(steps)

        def sleep(seconds: float) -> None:
            assert left, "it waits for longer than the test planned"
            left.pop(0)()

        monkeypatch.setattr("videos.management.progress.sleep", sleep)

    return plan
