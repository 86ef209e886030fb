"""The Procfile against the settings: work on a queue without a worker would wait for ever."""

import re

from django.conf import settings
from honcho.environ import parse_procfile

COMMANDS = parse_procfile((settings.BASE_DIR / "Procfile").read_text()).processes


def test_every_queue_has_a_worker():
    served = {queue for command in COMMANDS.values() for queue in re.findall(r"-Q (\w+)", command)}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}

    assert served == {settings.CELERY_TASK_DEFAULT_QUEUE, *routed}


def test_every_worker_has_a_name_of_its_own():
    workers = [command for command in COMMANDS.values() if " worker " in command]
    names = re.findall(r"-n (\S+)", "\n".join(workers))

    assert len(names) == len(set(names)) == len(workers)


def test_there_is_one_beat_without_a_file_that_a_kill_could_leave_behind():
    beats = [command for command in COMMANDS.values() if " beat " in command]

    assert len(beats) == 1
    assert "--pidfile= " in beats[0]
    assert settings.CELERY_BEAT_SCHEDULER == "celery.beat:Scheduler"


def test_connections_stay_open_for_longer_than_the_pools_of_clients_and_proxies():
    """Otherwise a client sends a request on a connection that is being closed, and gets no answer."""
    (seconds,) = re.findall(r"--keep-alive (\d+)", COMMANDS["web"])

    assert int(seconds) >= 75
