"""The two backends of a run: one whose lists tell the truth, and one whose lists lie, each time otherwise."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.chaos.faults import ControlClient

RATE = Decimal("0.10")  # dollars for a second of video, in the catalogue and at the simulators

HONEST_MODEL, LYING_MODEL = "sora-2", "sora-2-pro"

# What servers do: a gateway renames the model, another cuts the prompt, an encoder rounds the size, SGLang
# leaves the prompt out and reports the seconds of the frames that it rounded.
LIES: tuple[dict[str, Any], ...] = (
    {"rename_model": "prod/{model}"},
    {"cut_prompt": 24},
    {"normalise_prompt": ["lower", "punctuation"], "round_size": 32},
    {"absent": ["prompt"], "add_seconds": 1},
    {"add_seconds": 1},
)


@dataclass(frozen=True)
class BilledJob:
    """An entry of a ledger, with its price in dollars.

    `content` is the file that the simulator made of it, if it was ever asked for.
    """

    id: str
    idempotency_key: str | None
    prompt: str
    reference: str | None
    content: Path
    price: Decimal = Decimal(0)


@dataclass
class Simulator:
    """One simulator: what it serves, how to control it, and how its lists describe jobs."""

    name: str
    model: str
    port: int
    folder: Path
    control: ControlClient
    lies: list[dict[str, Any]] = field(default_factory=list)
    workers: int | None = None

    @property
    def quirks(self) -> dict[str, Any]:
        """The quirks of this moment: the first of its lies, a queue if it has `workers`, and its price."""
        prices = dict.fromkeys((HONEST_MODEL, LYING_MODEL), float(RATE))  # either may be sent the other's
        return {"misreports": self.lies[:1], "workers": self.workers, "prices": prices}

    def lie_differently(self) -> None:
        """Go on to the next lie; lists are consistent in themselves, as those of a real server are."""
        self.lies.append(self.lies.pop(0))
        self.control.change_quirks(**self.quirks)

    def billed_jobs(self) -> list[BilledJob]:
        """Return its whole ledger. Raises `httpx2.HTTPError` while it is down."""
        return [
            BilledJob(
                entry["id"],
                entry["idempotency_key"],
                entry["prompt"],
                entry["reference"],
                self.folder / "videos" / entry["id"] / "video.mp4",
                Decimal(str(entry["price"])),
            )
            for entry in self.control.ledger()
        ]


class Simulators:
    """All simulators of a run, as one."""

    def __init__(self, every: Sequence[Simulator]) -> None:
        self.every = list(every)

    def __iter__(self) -> Iterator[Simulator]:
        return iter(self.every)

    @property
    def injected(self) -> int:
        return sum(simulator.control.injected for simulator in self.every)

    @property
    def are_ready(self) -> bool:
        return all(simulator.control.is_ready() for simulator in self.every)

    def billed_jobs(self) -> list[BilledJob]:
        """Return all ledgers. Raises `httpx2.HTTPError` while a simulator is down."""
        return [job for simulator in self.every for job in simulator.billed_jobs()]

    def status(self, job_id: str) -> str | None:
        """Return how a job stands, or None when it was deleted."""
        found = (simulator.control.job(job_id) for simulator in self.every)
        return next((job["status"] for job in found if job is not None), None)

    def close(self) -> None:
        for simulator in self.every:
            simulator.control.close()


def prepare(folder: Path, ports: Sequence[int], rng: random.Random, *, workers: int) -> Simulators:
    """Return the two simulators, not yet started. The second one queues by itself, and its lists lie.

    `workers` is how many jobs that one makes at a time.
    """
    honest, lying = (
        Simulator(f"simulator-{number}", model, port, folder / f"simulator-{number}", ControlClient(port))
        for number, (model, port) in enumerate(zip((HONEST_MODEL, LYING_MODEL), ports, strict=True), 1)
    )
    lying.lies = rng.sample(LIES, len(LIES))
    lying.workers = workers
    return Simulators([honest, lying])


def as_environment(simulator: Simulator) -> str:
    """Return its quirks as a value for `SIMULATOR_QUIRKS`: those that it starts with after each kill."""
    return json.dumps(simulator.quirks)
