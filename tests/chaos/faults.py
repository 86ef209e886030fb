"""The faults that the simulator injects during a run, and a client that counts them."""

import json
from contextlib import suppress
from typing import Any

import httpx2

UNLIMITED = (
    1_000_000  # uses of each rule; the simulator counts down, so the difference is how often it was used
)
TIMEOUT = 20  # seconds, for the control API
BURST = 8  # requests in a row that are answered badly
SHORT_TIMEOUT = 1  # second, for calls while the simulator may be suspended or dead

# The faults of each call, with their probability. None may make a healthy job fail for good: the studio
# believes a backend that answers "not found" about a job twice in a row, so that is injected only once, for a
# few jobs (`report_not_found_once`); and it believes that a backend which refuses to list jobs has no list.
_SUBMISSION_FAULTS: list[tuple[float, dict[str, Any]]] = [
    (0.05, {"kind": "drop_reply"}),
    (0.03, {"kind": "error_before", "status": 503}),
    (0.04, {"kind": "error_after", "status": 500}),
    (0.03, {"kind": "rate_limit", "retry_after": 1}),
    (0.02, {"kind": "hang", "seconds": 20.0, "accepted": True}),
    (0.01, {"kind": "hang", "seconds": 20.0, "accepted": False}),
    (0.02, {"kind": "garbage", "accepted": True}),
    (0.01, {"kind": "garbage", "accepted": False}),
    (0.01, {"kind": "refuse", "status": 400, "code": "sentinel_block"}),
    (0.03, {"kind": "fail_job"}),
    (0.02, {"kind": "unknown_status"}),
]
# The backend no longer knows the source: the studio sends the file instead.
_SOURCE_NOT_FOUND: tuple[float, dict[str, Any]] = (0.15, {"kind": "not_found"})
_FAULTS_BY_CALL: dict[str, list[tuple[float, dict[str, Any]]]] = {
    "create": _SUBMISSION_FAULTS,
    "remix": _SUBMISSION_FAULTS,
    "edit": [*_SUBMISSION_FAULTS, _SOURCE_NOT_FOUND],
    "extend": [*_SUBMISSION_FAULTS, _SOURCE_NOT_FOUND],
    "retrieve": [
        (0.01, {"kind": "drop_reply"}),
        (0.02, {"kind": "error_before", "status": 500}),
        (0.02, {"kind": "rate_limit", "retry_after": 1}),
        (0.003, {"kind": "hang", "seconds": 12.0}),
        (0.01, {"kind": "garbage"}),
        (0.03, {"kind": "unknown_status"}),
    ],
    "list": [
        (0.05, {"kind": "drop_reply"}),
        (0.05, {"kind": "error_before", "status": 500}),
        (0.05, {"kind": "rate_limit", "retry_after": 1}),
        (0.02, {"kind": "hang", "seconds": 20.0}),
        (0.05, {"kind": "garbage"}),
        (0.05, {"kind": "unknown_status"}),
    ],
    "content": [
        (0.05, {"kind": "truncate"}),
        (0.03, {"kind": "garbage"}),
        (0.03, {"kind": "error_before", "status": 502}),
        (0.03, {"kind": "not_found"}),
        (0.03, {"kind": "drop_reply"}),
        (0.01, {"kind": "rate_limit", "retry_after": 1}),
        (0.02, {"kind": "slow_content", "bytes_per_second": 40_000}),
        (0.01, {"kind": "hang", "seconds": 12.0}),
    ],
    "delete": [
        (0.05, {"kind": "error_before", "status": 500}),
        (0.05, {"kind": "error_after", "status": 500}),
        (0.05, {"kind": "drop_reply"}),
    ],
}


def background_faults() -> str:
    """Return the rules that hold throughout the run, as a value for `SIMULATOR_FAULTS`."""
    rules = [
        {"on": call, "probability": probability, "times": UNLIMITED, **rule}
        for call, faults in _FAULTS_BY_CALL.items()
        for probability, rule in faults
    ]
    return json.dumps({"rules": rules})


class ControlClient:
    """A client of the simulator's control API: its faults and its ledger."""

    def __init__(self, port: int) -> None:
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT, trust_env=False)
        self._remaining: list[int] = []
        self.injected = 0

    def close(self) -> None:
        self._http.close()

    def is_ready(self) -> bool:
        """Return whether the simulator answers."""
        try:
            return self._http.get("/health", timeout=SHORT_TIMEOUT).status_code == 200
        except httpx2.HTTPError:
            return False

    def count_injected(self) -> None:
        """Add the faults since the last count to `injected`. Those between it and a kill are not counted."""
        try:
            rules = self._http.get("/_simulator/faults", timeout=SHORT_TIMEOUT).json()["rules"]
        except httpx2.HTTPError:
            return
        remaining = [rule["times"] for rule in rules]
        before = self._remaining if self._remaining and len(self._remaining) <= len(remaining) else []
        before = before + [_initial_times(rule) for rule in rules[len(before) :]]
        self.injected += sum(max(0, then - now) for then, now in zip(before, remaining, strict=True))
        self._remaining = remaining

    def count_before_kill(self) -> None:
        """Count now, because a restarted simulator begins with fresh rules."""
        self.count_injected()
        self._remaining = []

    def report_not_found_once(self, prompt: str) -> None:
        """Let the next poll of this prompt's job find nothing. Has no effect while the simulator is down."""
        with suppress(httpx2.HTTPError):
            self.inject_fault(SHORT_TIMEOUT, on="retrieve", kind="not_found", times=1, match=prompt)

    def inject_fault(self, timeout: float = TIMEOUT, **rule: Any) -> None:
        """Add a fault rule."""
        self._http.post("/_simulator/faults", json={"rules": [rule]}, timeout=timeout).raise_for_status()

    def begin_burst(self, **rule: Any) -> None:
        """Let the next requests of any kind be answered badly. Has no effect while the simulator is down."""
        with suppress(httpx2.HTTPError):
            self.inject_fault(SHORT_TIMEOUT, on="any", times=BURST, **rule)

    def begin_outage(self, kind: str, seconds: float) -> None:
        """Let the server be "silent", or connections "refused". Has no effect while the simulator is down."""
        with suppress(httpx2.HTTPError):
            body = {"kind": kind, "seconds": seconds}
            self._http.post("/_simulator/outage", json=body, timeout=SHORT_TIMEOUT)

    def change_quirks(self, **quirks: Any) -> None:
        """Change these quirks alone. Has no effect while the simulator is down."""
        with suppress(httpx2.HTTPError):
            self._http.post("/_simulator/quirks", json=quirks, timeout=SHORT_TIMEOUT)

    def clear_faults(self) -> None:
        """Remove all fault rules."""
        self.count_injected()
        self._http.delete("/_simulator/faults").raise_for_status()

    def set_quirks(self, **quirks: Any) -> None:
        """Let the server differ from the protocol; without any, as little as it did at first."""
        self._http.delete("/_simulator/quirks").raise_for_status()
        if quirks:
            self._http.post("/_simulator/quirks", json=quirks).raise_for_status()

    def ledger(self) -> list[dict[str, Any]]:
        """Return every job that was ever accepted, in order."""
        accepted: list[dict[str, Any]] = self._http.get("/_simulator/ledger").json()["accepted"]
        return accepted

    def job(self, job_id: str) -> dict[str, Any] | None:
        """Return the job as it is now, or None when it was deleted."""
        reply = self._http.get(f"/v1/videos/{job_id}")
        job: dict[str, Any] = reply.json()
        return job if reply.status_code == 200 else None


def _initial_times(rule: dict[str, Any]) -> int:
    """How often a rule could apply when it was added."""
    if rule["times"] > BURST:
        return UNLIMITED
    return BURST if rule["on"] == "any" else 1
