"""One run: start the studio, disrupt it, let it settle, check the result."""

import logging
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil

import django

django.setup()
logging.disable(logging.WARNING)  # a broker that is away is expected here

from celery import current_app  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from kombu.exceptions import OperationalError  # noqa: E402

from contentgen.health import unserved_queues  # noqa: E402
from tests.chaos import checker, claims, disruptions, faults, simulators  # noqa: E402
from tests.chaos.checker import Checker, Ledger, Report  # noqa: E402
from tests.chaos.decisions import Deciders, undecided  # noqa: E402
from tests.chaos.disruptions import Disruptor, Load, Schedule  # noqa: E402
from tests.chaos.environment import ChaosEnvironment  # noqa: E402
from tests.chaos.processes import COPIES, OTHERS, Processes  # noqa: E402
from tests.chaos.simulators import Simulators  # noqa: E402
from tests.chaos.users import Users  # noqa: E402

JOB_SECONDS = 3.0  # how long the simulator takes for a video
START_TIMEOUT = 60  # seconds
STORE = "store"
PROGRESS_INTERVAL = 10  # seconds


@dataclass(frozen=True)
class RunResult:
    """The line that is printed at the end."""

    videos: int
    kills: int
    faults: int
    asked: int
    refused: int
    report: Report

    def __str__(self) -> str:
        counts = f"videos {self.videos}, kills {self.kills}, faults {self.faults}, asked {self.asked}"
        return f"{counts}, refused {self.refused}, {self.report}"


def run(
    environment: ChaosEnvironment,
    rng: random.Random,
    *,
    videos: int,
    kills: int,
    kill_interval: float,
    time_limit: float,
) -> RunResult:
    """Start a studio in `environment`, disrupt it, and check every video. Leaves no process behind.

    `kill_interval` and `time_limit` are in seconds.
    """
    load = Load(videos, kills, kill_interval)
    processes = Processes(os.environ, environment.logs)
    backends = simulators.prepare(
        environment.folder, environment.simulator_ports, rng, workers=_workers_for(load)
    )
    users = Users(random.Random(rng.random()))
    deciders = Deciders(backends, random.Random(rng.random()))
    try:
        _start(environment, processes, backends)
        users.set_up(backends)
        users.bound_by_budget(videos)
        kills = _disrupt(environment, load, processes, backends, users, deciders, rng)
        users.request_videos(videos - len(users.requested))
        _wait_until(lambda: _has_settled(deciders), time_limit)
        processes.stop(*(name for name in processes.programs if not name.startswith(OTHERS)))
        sys.stderr.write(f"{len(users.derived)} of the videos are derived from others\n")
        ledger = Ledger(backends.billed_jobs(), backends.status)
        check = Checker(users, deciders, ledger, claims.recorded_claims())
        sys.stderr.write(f"{check.release_unbilled()} charges are taken back: nobody billed them\n")
        asked, report = len(deciders.asked), check.check()
        return RunResult(len(users.requested), kills, backends.injected, asked, users.refused, report)
    finally:
        backends.close()
        processes.kill()
        connections.close_all()


def _workers_for(load: Load) -> int:
    """How many jobs the backend with a queue of its own makes at a time: its queue grows for a while, and the
    half of the videos that it makes is done with the run.
    """
    return max(2, ceil(load.videos / 2 / load.duration * JOB_SECONDS))


def _disrupt(
    environment: ChaosEnvironment,
    load: Load,
    processes: Processes,
    backends: Simulators,
    users: Users,
    deciders: Deciders,
    rng: random.Random,
) -> int:
    """Request videos and answer questions while everything is disrupted. Returns the number of kills."""
    disruption_schedule, fault_schedule, request_schedule = Schedule(), Schedule(), Schedule()
    disruptor = Disruptor(processes, backends, rng, disruption_schedule)
    disruptions.schedule_requests(load, request_schedule, users, deciders)
    names = sorted(set(processes.programs) - {STORE})  # which keeps everything in its memory
    disruptions.schedule_disruptions(load, disruptor, names, rng)
    disruptions.schedule_restarts(load, disruption_schedule, processes)
    disruptions.schedule_faults(load, fault_schedule, backends, rng, environment.redis_url)
    _execute_together(disruption_schedule, fault_schedule, request_schedule)
    _end_disruptions(processes, backends)
    return disruptor.kills


def _has_settled(deciders: Deciders) -> bool:
    """Whether nothing is left to do, after whoever is asked has answered."""
    deciders.answer_all()
    return not (checker.count_unsettled() or undecided() or checker.leftover_temp_files())


def _start(environment: ChaosEnvironment, processes: Processes, backends: Simulators) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    claims.record_claims()
    if environment.valkey_command:
        processes.add("valkey", environment.valkey_command)
    if environment.store_command:
        processes.add(STORE, environment.store_command)
    for simulator in backends:
        processes.add_simulator(
            simulator.port,
            simulator.folder,
            duration=JOB_SECONDS,
            rules=faults.background_faults(),
            quirks=simulators.as_environment(simulator),
            name=simulator.name,
        )
    processes.add_procfile(environment.hosts(COPIES))
    if not _wait_until(lambda: backends.are_ready and _are_workers_ready(), START_TIMEOUT):
        raise RuntimeError(f"the studio did not start within {START_TIMEOUT} s")


def _are_workers_ready() -> bool:
    try:
        return not unserved_queues(current_app)
    except (OperationalError, ConnectionError):
        return False


def _execute_together(main: Schedule, *others: Schedule) -> None:
    """Execute each schedule in its own thread, because calls to a disrupted studio block."""
    with ThreadPoolExecutor(len(others)) as pool:
        running = [pool.submit(_execute, schedule) for schedule in others]
        try:
            _execute(main)
            for future in running:
                future.result()
        except BaseException:
            for schedule in others:
                schedule.actions.clear()  # otherwise leaving the pool would wait for all of them
            raise


def _execute(schedule: Schedule) -> None:
    """Run each action at its time, or as soon after it as the one before has returned."""
    began = last_report = time.monotonic()
    while schedule.actions:
        now = time.monotonic()
        action = schedule.pop_due(now - began)
        if action is None:
            time.sleep(0.05)
        else:
            action()
        if now - last_report > PROGRESS_INTERVAL:
            last_report = now
            sys.stderr.write(f"{now - began:.0f} s, actions left: {len(schedule.actions)}\n")


def _end_disruptions(processes: Processes, backends: Simulators) -> None:
    """Resume, restart and clear the faults of everything. Lists go on lying, as those of a real server do."""
    for program in processes.programs.values():
        if program.is_suspended:
            program.resume()
    processes.restart_dead()
    if not _wait_until(lambda: backends.are_ready, START_TIMEOUT):
        raise RuntimeError(f"the simulators did not restart within {START_TIMEOUT} s")
    for simulator in backends:
        simulator.control.begin_outage("silent", 0)
        simulator.control.clear_faults()
        simulator.control.change_quirks(**simulator.quirks)


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether `condition` held within that time."""
    last_report = time.monotonic()
    deadline = last_report + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        if time.monotonic() - last_report > PROGRESS_INTERVAL:
            last_report = time.monotonic()
            sys.stderr.write(
                f"settling, unsettled rows: {checker.count_unsettled()}, questions: {undecided()}\n"
            )
        time.sleep(0.5)
    return True
