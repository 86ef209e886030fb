"""One run: start, disrupt, let settle, judge."""

import logging
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import django

django.setup()
logging.disable(logging.WARNING)  # that the broker is away is no news here

from celery import current_app  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from kombu.exceptions import OperationalError  # noqa: E402

from contentgen.health import unserved_queues  # noqa: E402
from tests.chaos import disruptions, rules, verdict  # noqa: E402
from tests.chaos.disruptions import Disruptor, Plan, Scale  # noqa: E402
from tests.chaos.fleet import Fleet  # noqa: E402
from tests.chaos.people import People  # noqa: E402
from tests.chaos.rules import ControlClient  # noqa: E402
from tests.chaos.verdict import Judge, Verdict  # noqa: E402
from tests.chaos.world import World  # noqa: E402

JOB_SECONDS = 3.0  # how long the simulator takes for a video
START_WITHIN = 60  # seconds
TELL_EVERY = 10  # seconds


@dataclass(frozen=True)
class Outcome:
    """What is printed at the end."""

    videos: int
    kills: int
    faults: int
    verdict: Verdict

    def __str__(self) -> str:
        return f"videos {self.videos}, kills {self.kills}, faults {self.faults}, {self.verdict}"


def run(
    world: World, dice: random.Random, *, videos: int, kills: int, pause: float, time_limit: float
) -> Outcome:
    """Make a studio in `world`, break it, and say what became of the videos. Leaves no process behind."""
    fleet, people = Fleet(os.environ, world.logs), People(random.Random(dice.random()))
    control = ControlClient(world.simulator_port)
    try:
        _start(world, fleet, control)
        people.settle_in()
        scale = Scale(videos, kills, pause)
        troubles, floods, wishes = Plan(), Plan(), Plan()
        disruptor = Disruptor(fleet, control, dice, troubles)
        disruptions.plan_wishes(scale, wishes, people)
        disruptions.plan_disruptions(scale, disruptor, sorted(fleet.programs), dice)
        disruptions.plan_restarts(scale, troubles, fleet)
        disruptions.plan_floods(scale, floods, control, dice, world.redis_url)
        _carry_out_together(troubles, floods, wishes)
        _calm(fleet, control)
        people.ask_for(videos - len(people.prompts))
        _wait(lambda: not verdict.unsettled() and not verdict.left_in_tmp(), time_limit)
        fleet.stop(*(name for name in fleet.programs if name not in ("valkey", "simulator")))
        sys.stderr.write(f"{len(people.derived)} of the videos were made from others\n")
        judged = Judge(people, control, world.films).judge()
        return Outcome(len(people.prompts), disruptor.kills, control.struck, judged)
    finally:
        control.close()
        fleet.kill()
        connections.close_all()


def _start(world: World, fleet: Fleet, control: ControlClient) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    if world.valkey_command:
        fleet.add("valkey", world.valkey_command)
    fleet.add_simulator(
        world.simulator_port, world.folder / "simulator", duration=JOB_SECONDS, rules=rules.everyday()
    )
    fleet.add_procfile()
    if not _wait(lambda: control.ready() and _workers_are_there(), START_WITHIN):
        raise RuntimeError("the studio did not start")


def _workers_are_there() -> bool:
    try:
        return not unserved_queues(current_app)
    except (OperationalError, ConnectionError):
        return False


def _carry_out_together(troubles: Plan, *others: Plan) -> None:
    """Each plan has a thread of its own, because a studio in trouble keeps those waiting who talk to it."""
    with ThreadPoolExecutor(len(others)) as pool:
        running = [pool.submit(_carry_out, plan) for plan in others]
        try:
            _carry_out(troubles)
            for future in running:
                future.result()
        except BaseException:
            for plan in others:
                plan.acts.clear()  # or leaving the pool would wait for all of them
            raise


def _carry_out(plan: Plan) -> None:
    """Do what is planned at its time, or as soon after it as what came before allows."""
    began = told = time.monotonic()
    while plan.acts:
        now = time.monotonic()
        act = plan.due(now - began)
        if act is None:
            time.sleep(0.05)
        else:
            act()
        if now - told > TELL_EVERY:
            told = now
            sys.stderr.write(f"{now - began:.0f} s, {len(plan.acts)} acts to come\n")


def _calm(fleet: Fleet, control: ControlClient) -> None:
    """End all disruptions."""
    for program in fleet.programs.values():
        if program.frozen:
            program.thaw()
    fleet.restart_dead()
    if not _wait(control.ready, START_WITHIN):
        raise RuntimeError("the simulator did not come back")
    control.clear_faults()


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    told = time.monotonic()
    while not condition():
        if time.monotonic() > deadline:
            return False
        if time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            sys.stderr.write(f"settling, {verdict.unsettled()} to go\n")
        time.sleep(0.5)
    return True
