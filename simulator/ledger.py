"""The ledger's entries: what was accepted, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LedgerEntry:
    """One accepted job. `seconds` is the length of the new video that is paid for, `price` in US dollars.

    `reference` is the SHA-256 of the reference image. `fingerprint` is the same for two requests that ask for
    the same; `ends_at` is when the job's work is planned to end. Neither of these two is published.
    """

    id: str
    kind: str
    prompt: str
    model: str
    size: str
    seconds: int
    accepted_at: float
    price: float | None = None
    idempotency_key: str | None = None
    reference: str | None = None
    fingerprint: str | None = None
    ends_at: float | None = None


UNPUBLISHED = ("fingerprint", "ends_at")
