"""Runs checks beside each other, so that one that hangs holds up no other."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connections

from videos.doctor.finding import Check, Finding, Health, not_checked, wrong
from videos.doctor.redaction import Redactor

TOTAL_SECONDS = 14.0  # for all of them together


def run_checks(checks: Sequence[Check], *, seconds: float = TOTAL_SECONDS) -> list[Finding]:
    """Return what the checks found, in their order, within about `seconds`. Raises nothing.

    A check that others need stands before them.
    """
    deadline, redactor = time.monotonic() + seconds, Redactor()
    runs: dict[str, _Run] = {}
    for check in checks:
        runs[check.name] = _Run(check, [runs[name] for name in check.needs])
    for run in runs.values():
        run.start()
    return [redactor.clean(finding) for run in runs.values() for finding in run.wait(deadline)]


def describe(error: Exception) -> str:
    """Return an error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300] if text else type(error).__name__


@dataclass
class _Run:
    """One check under way. What it has found so far counts also when its time is over."""

    check: Check
    needs: Sequence["_Run"]
    found: list[Finding] = field(default_factory=list)
    began: float = 0.0
    has_begun: threading.Event = field(default_factory=threading.Event)
    has_ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        # A daemon: a check that hangs for good does not keep the process alive.
        threading.Thread(target=self._work, name=f"doctor {self.check.name}", daemon=True).start()

    def wait(self, deadline: float) -> list[Finding]:
        """Return what was found, at the latest when its time is over."""
        self.has_begun.wait(max(0.0, deadline - time.monotonic()))
        if self._is_over(deadline):
            return list(self.found)
        if not self.has_begun.is_set():
            return [not_checked(self.check.name, "There was no time left for it.", "Run doctor again.")]
        late = wrong(
            self.check.name,
            f"No answer within {max(1, round(time.monotonic() - self.began))} s.",
            "It hangs, or the machine is very busy. Look at this part first, then run doctor again.",
        )
        return [*self.found, late]

    def _is_over(self, deadline: float) -> bool:
        """Wait until it has ended, or its time is over. Returns whether it has ended."""
        until = min(deadline, self.began + self.check.seconds)
        return self.has_ended.wait(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        try:
            if missing := next((run.check.name for run in self.needs if not run.is_well()), ""):
                self.found.append(not_checked(self.check.name, f"See “{missing}” first."))
                return
            self.began = time.monotonic()
            self.has_begun.set()
            for finding in self.check.run():
                self.found.append(finding)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told, and the others go on
            self.found.append(wrong(self.check.name, describe(error), "See what the error says."))
        finally:
            connections.close_all()  # those of this thread
            self.has_ended.set()
            self.has_begun.set()

    def is_well(self) -> bool:
        """Wait for it, and return whether it has found nothing wrong."""
        self.has_begun.wait()
        return self._is_over(float("inf")) and all(each.health != Health.WRONG for each in self.found)
