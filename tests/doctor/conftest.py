"""What the tests of doctor share: what a check found, by what it looked at."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.commands.conftest import ran as ran  # fixtures here too
from tests.commands.conftest import run as run
from tests.simulator.conftest import start_simulator as start_simulator
from videos.doctor.finding import Finding, Health


class Found:
    """The findings of checks. `of` returns the only one about something."""

    def __init__(self, findings: Iterator[Finding]) -> None:
        self.all = list(findings)

    def of(self, what: str) -> Finding:
        (finding,) = [each for each in self.all if each.what == what]
        return finding

    @property
    def bad(self) -> list[Finding]:
        return [each for each in self.all if each.health in (Health.WARNING, Health.WRONG)]

    def __contains__(self, text: str) -> bool:
        return any(text in f"{each.found} {each.advice}" for each in self.all)


@pytest.fixture
def diagnose() -> Any:
    """Run one check, as the runner does, in this thread, which sees what the test has written."""
    return lambda check: Found(check())
