"""The Procfile against the settings: work on a queue without a worker would wait for ever."""

import re

import pytest
from celery import current_app
from celery.beat import PersistentScheduler
from django.conf import settings
from honcho.environ import parse_procfile

from contentgen.beat import LeaderScheduler

COMMANDS = parse_procfile((settings.BASE_DIR / "Procfile").read_text()).processes


def test_every_queue_has_a_worker():
    served = {queue for command in COMMANDS.values() for queue in re.findall(r"-Q (\w+)", command)}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}

    assert served == {settings.CELERY_TASK_DEFAULT_QUEUE, *routed}


def test_every_worker_has_a_name_of_its_own():
    workers = [command for command in COMMANDS.values() if " worker " in command]
    names = re.findall(r"-n (\w+)-\$\$@%h ", "\n".join(workers))  # several of a host differ by their process

    assert len(names) == len(set(names)) == len(workers)


def test_there_is_one_beat_without_a_file_that_a_kill_could_leave_behind():
    beats = [command for command in COMMANDS.values() if " beat " in command]

    assert len(beats) == 1
    assert "--pidfile= " in beats[0]
    assert not issubclass(LeaderScheduler, PersistentScheduler)


def test_a_task_that_a_worker_did_not_finish_goes_to_another_one():
    current_app.loader.import_default_modules()
    ours = [task for name, task in current_app.tasks.items() if not name.startswith("celery.")]

    assert ours
    assert all(task.acks_late and task.reject_on_worker_lost and task.ignore_result for task in ours)


def test_no_task_goes_to_a_second_worker_while_the_first_is_at_it():
    current_app.loader.import_default_modules()
    given_away_after = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]

    limits = {name: task.time_limit for name, task in current_app.tasks.items() if task.time_limit}

    assert {name: limit for name, limit in limits.items() if limit >= given_away_after} == {}
    assert given_away_after > settings.WORKER_DRAIN_SECONDS


@pytest.mark.parametrize("queue", sorted({route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}))
def test_a_task_of_a_pool_of_processes_has_a_time_limit(queue: str):
    """Threads cannot be ended; what runs on them bounds each of its waits."""
    current_app.loader.import_default_modules()
    on_threads = {
        queue for command in COMMANDS.values() if "-P threads" in command for queue in _queues(command)
    }
    routed = [name for name, route in settings.CELERY_TASK_ROUTES.items() if route["queue"] == queue]

    assert queue in on_threads or all(current_app.tasks[name].time_limit for name in routed)


def _queues(command: str) -> list[str]:
    return re.findall(r"-Q (\w+)", command)


def test_connections_stay_open_for_longer_than_the_pools_of_clients_and_proxies():
    """Otherwise a client sends a request on a connection that is being closed, and gets no answer."""
    (seconds,) = re.findall(r"--keep-alive (\d+)", COMMANDS["web"])

    assert int(seconds) >= 75
