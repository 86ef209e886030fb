"""When each disruption happens: a schedule drawn from the random generator before the run begins."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from os import kill
from signal import SIGKILL
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tests.chaos.decisions import Deciders
from tests.chaos.processes import QUEUES, Processes
from tests.chaos.simulators import Simulators
from tests.chaos.users import Users

CHILD_KILL_SHARE = 0.5  # of the kills of programs that have children
WORKER_SUSPENSION = 36.0  # seconds: longer than the lease of a claim (29) and of a download (30)
BACKEND_SUSPENSION = 18.0  # seconds: longer than a call may take (14)
BROKER_SUSPENSION = 6.0  # seconds
SILENCE = 16.0  # seconds: longer than a call may take
REFUSAL = 5.0  # seconds
# What a backend that is overloaded answers for a while. Without `Retry-After` it is left alone for longer.
BURSTS: tuple[dict[str, Any], ...] = (
    {"kind": "rate_limit", "retry_after": 1},
    {"kind": "error_before", "status": 500},
    {"kind": "rate_limit", "retry_after": None},
    {"kind": "error_before", "status": 503},
)

Action = Callable[[], None]


@dataclass
class Schedule:
    """Actions ordered by their time in seconds from the start; an action may add further ones."""

    actions: list[tuple[float, int, Action]] = field(default_factory=list)
    _count: int = 0

    def add(self, seconds: float, action: Action) -> None:
        self._count += 1
        self.actions.append((seconds, self._count, action))
        self.actions.sort(key=lambda planned: planned[:2])

    def pop_due(self, seconds: float) -> Action | None:
        """Remove and return the next action whose time has come, or None."""
        if self.actions and self.actions[0][0] <= seconds:
            return self.actions.pop(0)[2]
        return None


class Disruptor:
    """Kills and suspends programs."""

    def __init__(
        self, processes: Processes, simulators: Simulators, rng: random.Random, schedule: Schedule
    ) -> None:
        self._processes = processes
        self._simulators = simulators
        self._rng = rng
        self._schedule = schedule
        self.kills = 0

    def kill_at(self, seconds: float, name: str) -> None:
        """Schedule a kill."""
        self._schedule.add(seconds, partial(self._kill, name))

    def suspend_at(self, seconds: float, name: str, length: float) -> None:
        """Schedule that a program is suspended, and resumed `length` seconds later."""
        self._schedule.add(seconds, partial(self._suspend, name, seconds + length))

    def _kill(self, name: str) -> None:
        """Kill the parent process of a program or one of its children; of another program if it is down."""
        program = self._processes.programs[name]
        if not program.is_alive or program.is_suspended:
            programs = sorted(self._processes.programs.items())
            name = self._rng.choice([name for name, program in programs if not program.is_suspended])
            program = self._processes.programs[name]
        children = program.children() if name.startswith(("worker", "downloads")) else []
        self.kills += 1
        if children and self._rng.random() < CHILD_KILL_SHARE:
            with suppress(ProcessLookupError):
                kill(self._rng.choice(children), SIGKILL)
            return
        for simulator in self._simulators:
            if simulator.name == name:
                simulator.control.count_before_kill()
        program.kill_parent()

    def _suspend(self, name: str, until: float) -> None:
        program = self._processes.programs[name]
        if program.is_alive and not program.is_suspended:
            program.suspend()
            self._schedule.add(until, program.resume)


def flush_broker(redis_url: str) -> None:
    """Remove everything from the broker: messages, unacknowledged ones, and the cache."""
    retry = Retry(NoBackoff(), 0)
    with suppress(RedisError), Redis.from_url(redis_url, socket_timeout=2, retry=retry) as broker:
        broker.flushdb()


@dataclass(frozen=True)
class Load:
    """The size of a run. `kill_interval` is in seconds."""

    videos: int
    kills: int
    kill_interval: float

    @property
    def duration(self) -> float:
        return self.kills * self.kill_interval


def schedule_disruptions(load: Load, disruptor: Disruptor, names: Sequence[str], rng: random.Random) -> None:
    """Schedule kills and suspensions of the programs called `names`; only `rng` decides when."""
    for n in range(load.kills):
        disruptor.kill_at((n + 1) * load.kill_interval, rng.choice(names))
    simulators = [name for name in names if name.startswith("simulator")]
    # Only the first worker of a queue: with both suspended, nothing would happen at all.
    for number, at in enumerate(_instants(load.duration, every=WORKER_SUSPENSION + 4, first=1.0)):
        queue = rng.choice((*QUEUES, "network", "downloads"))
        disruptor.suspend_at(at, f"{queue}-1", WORKER_SUSPENSION)
        backend = rng.choice(simulators), BACKEND_SUSPENSION
        other = backend if number % 2 else ("valkey", BROKER_SUSPENSION)
        if other[0] in names:
            disruptor.suspend_at(at + 8, *other)


def schedule_restarts(load: Load, schedule: Schedule, processes: Processes) -> None:
    """Schedule that dead programs are started again within a second, as the supervisor does."""
    for second in range(1, int(load.duration) + 1):
        schedule.add(second + 0.1, processes.restart_dead)


def schedule_faults(
    load: Load, schedule: Schedule, simulators: Simulators, rng: random.Random, redis_url: str
) -> None:
    """Schedule what happens to the broker, what the backends do besides their faults, and counts of these."""
    for at in _instants(load.duration, every=16.0):
        schedule.add(at, partial(flush_broker, redis_url))
    for simulator in simulators:
        control = simulator.control
        for at in _instants(load.duration, every=5.0):
            schedule.add(at, partial(control.report_not_found_once, f"{rng.randrange(load.videos):05d}"))
        for at in _instants(load.duration, every=3.0):
            schedule.add(at, control.count_injected)
        for number, at in enumerate(_instants(load.duration, every=14.0, first=rng.uniform(3, 8))):
            schedule.add(at, partial(control.begin_burst, **BURSTS[number % len(BURSTS)]))
        for number, at in enumerate(_instants(load.duration, every=45.0, first=rng.uniform(5, 20))):
            outage = ("refused", REFUSAL) if number % 2 else ("silent", SILENCE)
            schedule.add(at, partial(control.begin_outage, *outage))
        if simulator.lies:
            for at in _instants(load.duration, every=15.0):
                schedule.add(at, simulator.lie_differently)


def schedule_requests(load: Load, schedule: Schedule, users: Users, deciders: Deciders) -> None:
    """Spread the requests over the first nine tenths of the run, in batches a second apart.

    Questions are answered throughout.
    """
    for at in _instants(load.duration, every=6.0):
        schedule.add(at, deciders.answer_all)
    batches = max(1, int(load.duration * 0.9))
    share, rest = divmod(load.videos, batches)
    for second in range(batches):
        schedule.add(second, partial(users.request_videos, share + (second < rest)))
    for second in range(1, int(load.duration) + 1):
        schedule.add(second + 0.5, users.send_spurious_messages)
        for part in range(max(1, load.videos // 200)):
            schedule.add(second + 0.6 + part / 10, users.cancel_or_delete_one)


def _instants(length: float, *, every: float, first: float | None = None) -> list[float]:
    """Return instants `every` seconds apart, up to `length`; the first is at `every / 2` by default."""
    start = every / 2 if first is None else first
    return [start + every * n for n in range(max(0, ceil((length - start) / every)))]
