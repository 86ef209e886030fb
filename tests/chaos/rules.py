"""How the simulator misbehaves in a run, and how often it did."""

import json
from contextlib import suppress
from typing import Any

import httpx2

PLENTY = 1_000_000  # of every rule; what is missing from it at the end is how often the rule struck
PATIENCE = 20  # seconds to wait for the simulator's own endpoints
QUICK = 1  # second, where it may just be frozen or dead

# What may befall each call, and how likely it is. The lists stay below what makes a job fail that is fine:
# a backend that says "not found" of a job twice in a row is believed, so that is told once of a few jobs only
# (`forgets`), and a backend that refuses to list is believed to have no list.
_MAKING: list[tuple[float, dict[str, Any]]] = [
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
# The server no longer knows the source: it is sent the file instead.
_FORGOTTEN: tuple[float, dict[str, Any]] = (0.15, {"kind": "not_found"})
_CHANCES: dict[str, list[tuple[float, dict[str, Any]]]] = {
    "create": _MAKING,
    "remix": _MAKING,
    "edit": [*_MAKING, _FORGOTTEN],
    "extend": [*_MAKING, _FORGOTTEN],
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


def everyday() -> str:
    """The rules that hold all the time, as the simulator's `SIMULATOR_FAULTS`."""
    rules = [
        {"on": call, "probability": chance, "times": PLENTY, **rule}
        for call, chances in _CHANCES.items()
        for chance, rule in chances
    ]
    return json.dumps({"rules": rules})


class ControlClient:
    """A client of the simulator's control API: its faults and its ledger."""

    def __init__(self, port: int) -> None:
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False)
        self._left: list[int] = []
        self.struck = 0

    def close(self) -> None:
        self._http.close()

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            return self._http.get("/health", timeout=QUICK).status_code == 200
        except httpx2.HTTPError:
            return False

    def count(self) -> None:
        """Add what has struck since the last count. What struck between it and a kill is not known."""
        try:
            rules = self._http.get("/_simulator/faults", timeout=QUICK).json()["rules"]
        except httpx2.HTTPError:
            return
        left = [rule["times"] for rule in rules]
        before = self._left if self._left and len(self._left) <= len(left) else []
        before = before + [PLENTY if rule["times"] > 1 else 1 for rule in rules[len(before) :]]
        self.struck += sum(max(0, then - now) for then, now in zip(before, left, strict=True))
        self._left = left

    def before_a_kill(self) -> None:
        """Count, because afterwards its rules are new again."""
        self.count()
        self._left = []

    def forgets(self, prompt: str) -> None:
        """Let it say once that it does not know the job with this prompt. One just killed never hears it."""
        with suppress(httpx2.HTTPError):
            self.inject_fault(QUICK, on="retrieve", kind="not_found", times=1, match=prompt)

    def inject_fault(self, patience: float = PATIENCE, **rule: Any) -> None:
        """Add a fault rule."""
        self._http.post("/_simulator/faults", json={"rules": [rule]}, timeout=patience).raise_for_status()

    def clear_faults(self) -> None:
        """Clear all fault rules."""
        self.count()
        self._http.delete("/_simulator/faults").raise_for_status()

    def ledger(self) -> list[dict[str, Any]]:
        """Every job that was ever accepted, in order."""
        accepted: list[dict[str, Any]] = self._http.get("/_simulator/ledger").json()["accepted"]
        return accepted

    def job(self, job_id: str) -> dict[str, Any] | None:
        """The job as it is now, or None when it was deleted."""
        reply = self._http.get(f"/v1/videos/{job_id}")
        job: dict[str, Any] = reply.json()
        return job if reply.status_code == 200 else None
