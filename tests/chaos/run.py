"""One run: start the studio, disrupt it, let it settle, check the result."""

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
logging.disable(logging.WARNING)  # a broker that is away is expected here

from celery import current_app  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from kombu.exceptions import OperationalError  # noqa: E402

from contentgen.health import unserved_queues  # noqa: E402
from tests.chaos import checker, disruptions, faults  # noqa: E402
from tests.chaos.checker import Checker, Report  # noqa: E402
from tests.chaos.disruptions import Disruptor, Load, Schedule  # noqa: E402
from tests.chaos.environment import ChaosEnvironment  # noqa: E402
from tests.chaos.faults import ControlClient  # noqa: E402
from tests.chaos.processes import Processes  # noqa: E402
from tests.chaos.users import Users  # noqa: E402

JOB_SECONDS = 3.0  # how long the simulator takes for a video
START_TIMEOUT = 60  # seconds
PROGRESS_INTERVAL = 10  # seconds


@dataclass(frozen=True)
class RunResult:
    """The line that is printed at the end."""

    videos: int
    kills: int
    faults: int
    report: Report

    def __str__(self) -> str:
        return f"videos {self.videos}, kills {self.kills}, faults {self.faults}, {self.report}"


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
    processes = Processes(os.environ, environment.logs)
    users = Users(random.Random(rng.random()))
    control = ControlClient(environment.simulator_port)
    try:
        _start(environment, processes, control)
        users.set_up()
        load = Load(videos, kills, kill_interval)
        disruption_schedule, fault_schedule, request_schedule = Schedule(), Schedule(), Schedule()
        disruptor = Disruptor(processes, control, rng, disruption_schedule)
        disruptions.schedule_requests(load, request_schedule, users)
        disruptions.schedule_disruptions(load, disruptor, sorted(processes.programs), rng)
        disruptions.schedule_restarts(load, disruption_schedule, processes)
        disruptions.schedule_faults(load, fault_schedule, control, rng, environment.redis_url)
        _execute_together(disruption_schedule, fault_schedule, request_schedule)
        _end_disruptions(processes, control)
        users.request_videos(videos - len(users.prompts))
        _wait_until(lambda: not checker.count_unsettled() and not checker.leftover_temp_files(), time_limit)
        processes.stop(*(name for name in processes.programs if name not in ("valkey", "simulator")))
        sys.stderr.write(f"{len(users.derived)} of the videos are derived from others\n")
        report = Checker(users, control, environment.simulator_videos).check()
        return RunResult(len(users.prompts), disruptor.kills, control.injected, report)
    finally:
        control.close()
        processes.kill()
        connections.close_all()


def _start(environment: ChaosEnvironment, processes: Processes, control: ControlClient) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    if environment.valkey_command:
        processes.add("valkey", environment.valkey_command)
    processes.add_simulator(
        environment.simulator_port,
        environment.folder / "simulator",
        duration=JOB_SECONDS,
        rules=faults.background_faults(),
    )
    processes.add_procfile()
    if not _wait_until(lambda: control.is_ready() and _are_workers_ready(), START_TIMEOUT):
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


def _end_disruptions(processes: Processes, control: ControlClient) -> None:
    """Resume, restart and clear the faults of everything."""
    for program in processes.programs.values():
        if program.is_suspended:
            program.resume()
    processes.restart_dead()
    if not _wait_until(control.is_ready, START_TIMEOUT):
        raise RuntimeError(f"the simulator did not restart within {START_TIMEOUT} s")
    control.clear_faults()


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether `condition` held within that time."""
    last_report = time.monotonic()
    deadline = last_report + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        if time.monotonic() - last_report > PROGRESS_INTERVAL:
            last_report = time.monotonic()
            sys.stderr.write(f"settling, unsettled rows: {checker.count_unsettled()}\n")
        time.sleep(0.5)
    return True
