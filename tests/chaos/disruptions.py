"""What befalls the studio, and when: a plan made by the dice before it begins."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from os import kill
from signal import SIGKILL

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tests.chaos.fleet import QUEUES, Fleet
from tests.chaos.people import People
from tests.chaos.rules import ControlClient

KILLED_CHILDREN = 0.5  # of the kills of programs that have children
FREEZE = 36.0  # seconds: longer than the lease of a claim (29) and of a download (30)
BACKEND_FREEZE = 18.0  # seconds: longer than a call may take (14)
BROKER_FREEZE = 6.0  # seconds

Act = Callable[[], None]


@dataclass
class Plan:
    """Acts in the order of their times, in seconds from the start; acts may plan further ones."""

    acts: list[tuple[float, int, Act]] = field(default_factory=list)
    _count: int = 0

    def at(self, seconds: float, act: Act) -> None:
        self._count += 1
        self.acts.append((seconds, self._count, act))
        self.acts.sort(key=lambda planned: planned[:2])

    def due(self, seconds: float) -> Act | None:
        """Take the next act whose time has come."""
        if self.acts and self.acts[0][0] <= seconds:
            return self.acts.pop(0)[2]
        return None


class Disruptor:
    """Carries out kills, freezes and floods."""

    def __init__(self, fleet: Fleet, control: ControlClient, dice: random.Random, plan: Plan) -> None:
        self._fleet = fleet
        self._control = control
        self._dice = dice
        self._plan = plan
        self.kills = 0

    def kill_at(self, seconds: float, name: str) -> None:
        """Plan a kill."""
        self._plan.at(seconds, partial(self._kill, name))

    def freeze_at(self, seconds: float, name: str, length: float) -> None:
        """Plan that a program is stopped in the middle of its work, and goes on `length` seconds later."""
        self._plan.at(seconds, partial(self._freeze, name, seconds + length))

    def _kill(self, name: str) -> None:
        """Kill the leader of a program, or one of its children where it has any."""
        program = self._fleet.programs[name]
        if not program.alive or program.frozen:
            name = self._dice.choice([n for n, p in sorted(self._fleet.programs.items()) if not p.frozen])
            program = self._fleet.programs[name]
        children = program.children() if name.startswith(("worker", "downloads")) else []
        self.kills += 1
        if children and self._dice.random() < KILLED_CHILDREN:
            with suppress(ProcessLookupError):
                kill(self._dice.choice(children), SIGKILL)
            return
        if name == "simulator":
            self._control.before_a_kill()
        program.kill_leader()

    def _freeze(self, name: str, until: float) -> None:
        program = self._fleet.programs[name]
        if program.alive and not program.frozen:
            program.freeze()
            self._plan.at(until, program.thaw)


def empty(redis_url: str) -> None:
    """Take everything from the broker: messages, leases of messages, what the cache knew."""
    retry = Retry(NoBackoff(), 0)
    with suppress(RedisError), Redis.from_url(redis_url, socket_timeout=2, retry=retry) as broker:
        broker.flushdb()


@dataclass(frozen=True)
class Scale:
    """How much of it there is. `pause`: seconds between two kills."""

    videos: int
    kills: int
    pause: float

    @property
    def length(self) -> float:
        return self.kills * self.pause


def plan_disruptions(scale: Scale, disruptor: Disruptor, names: Sequence[str], dice: random.Random) -> None:
    """Lay down, by the dice alone, what befalls the programs called `names`."""
    for n in range(scale.kills):
        disruptor.kill_at((n + 1) * scale.pause, dice.choice(names))
    # One worker at a time: two frozen ones of a kind would be nothing but a studio that stands still.
    for turn, at in enumerate(_times(scale.length, every=FREEZE + 4, first=1.0)):
        queue = dice.choice((*QUEUES, "network", "downloads"))
        disruptor.freeze_at(at, f"{queue}-1", FREEZE)
        other = ("simulator", BACKEND_FREEZE) if turn % 2 else ("valkey", BROKER_FREEZE)
        if other[0] in names:
            disruptor.freeze_at(at + 8, *other)


def plan_restarts(scale: Scale, plan: Plan, fleet: Fleet) -> None:
    """Lay down that whatever died is started again within a second, as the supervisor does."""
    for second in range(1, int(scale.length) + 1):
        plan.at(second + 0.1, fleet.restart_dead)


def plan_floods(
    scale: Scale, plan: Plan, control: ControlClient, dice: random.Random, redis_url: str
) -> None:
    """Lay down when the broker is emptied, what the backend forgets, and when its faults are counted."""
    for at in _times(scale.length, every=16.0):
        plan.at(at, partial(empty, redis_url))
    for at in _times(scale.length, every=5.0):
        plan.at(at, partial(control.forgets, f"number {dice.randrange(scale.videos):05d}"))
    for at in _times(scale.length, every=3.0):
        plan.at(at, control.count)


def plan_wishes(scale: Scale, plan: Plan, people: People) -> None:
    """Spread the wishes over the first nine tenths of the time, in batches a second apart."""
    batches = max(1, int(scale.length * 0.9))
    share, rest = divmod(scale.videos, batches)
    for second in range(batches):
        plan.at(second, partial(people.ask_for, share + (second < rest)))
    for second in range(1, int(scale.length) + 1):
        plan.at(second + 0.5, people.shout)
        for part in range(max(1, scale.videos // 200)):
            plan.at(second + 0.6 + part / 10, people.change_their_minds)


def _times(length: float, *, every: float, first: float | None = None) -> list[float]:
    """Moments `every` seconds apart, up to `length`; the first after half of that when not said otherwise."""
    start = every / 2 if first is None else first
    return [start + every * n for n in range(max(0, ceil((length - start) / every)))]
