"""`make run`: the whole studio on one machine, from one command, stopped by Ctrl-C.

Starts the Procfile's processes and, unless the settings name others, an embedded Valkey and the simulator.
Everything it starts ends with it, whichever way it ends.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.request import Request, urlopen

import django
from celery import Celery
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from honcho.environ import parse_procfile
from redis import Redis, RedisError

from contentgen import banner, embedded, health, local_state
from contentgen.local_state import Endpoints, StartError
from contentgen.supervisor import Program, Supervisor

START_WITHIN = 120.0  # seconds for everything to answer; a slow machine compiles all its Python files first
BROKER_WITHIN = 10.0  # seconds for Valkey or Redis to answer
STOP_WITHIN = 8.0  # seconds for workers to finish their task before it is taken from them


class StopRequest:
    """Whether somebody wants it all to end: a signal, or the end of the `make` that started us."""

    def __init__(self) -> None:
        self.count = 0
        self._last = 0.0
        self._parent = os.getppid() if "MAKELEVEL" in os.environ else None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:  # nohup ignores SIGHUP
                signal.signal(number, self._note)

    def __bool__(self) -> bool:
        return self.count > 0 or (self._parent is not None and os.getppid() != self._parent)

    def _note(self, number: int, frame: FrameType | None) -> None:
        # `make` passes on a signal that a terminal or a supervisor sends to both: that is one wish, not two.
        now = time.monotonic()
        self.count += now - self._last > 1
        self._last = now


def main() -> int:
    """Run until asked to stop. Returns the exit code: 0 when asked to, 1 when it could not start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")
    stop = StopRequest()
    try:
        django.setup()
        host = settings.BIND.replace("0.0.0.0", "127.0.0.1")  # noqa: S104  # listening on all is the user's choice
        address = f"http://{host}:{settings.PORT}/"
        with local_state.hold(settings.DATA_DIR, address) as lock:
            embedded.check_port(settings.BIND, settings.PORT)
            _run(address, lock, stop)
    except (ImproperlyConfigured, StartError, CommandError, DatabaseError) as error:
        print(f"ContentGen did not start: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _run(address: str, lock: IO[str], stop: StopRequest) -> None:
    local_state.forget_endpoints(settings.DATA_DIR)  # a run that was killed may have left its own
    services, endpoints = _services()
    environment = _environment(endpoints)
    supervisor = Supervisor(environment, settings.BASE_DIR, lock, sys.stdout)
    try:
        for service in services:
            supervisor.start(service)
        local_state.write_endpoints(settings.DATA_DIR, endpoints)
        sign_in = _prepare_database()
        broker, wait = environment["REDIS_URL"], partial(_wait_until, supervisor=supervisor, stop=stop)
        wait(lambda: _broker_answers(broker), seconds=BROKER_WITHIN, what="the server at REDIS_URL")
        for program in _procfile() if not stop else []:
            supervisor.start(program)
        wait(lambda: _studio_answers(address, broker), seconds=START_WITHIN, what="the studio")
        if not stop:
            banner.show(address, sign_in, demo=_is_demo())
        supervisor.settled = True
        while not stop:
            supervisor.step()
    finally:
        local_state.forget_endpoints(settings.DATA_DIR)
        supervisor.say("stopping")
        asked = stop.count
        supervisor.stop(STOP_WITHIN, in_a_hurry=lambda: stop.count > asked)
        supervisor.say("everything has stopped")


def _services() -> tuple[list[Program], Endpoints]:
    """The internal services that the settings leave to us, and where they will be."""
    programs, redis_url, simulator_url = [], "", ""
    if not os.environ.get("REDIS_URL"):
        command, redis_url = embedded.valkey(settings.DATA_DIR / "valkey")
        programs.append(Program("valkey", command, essential=True))
    if _is_demo() and not os.environ.get("SIMULATOR_URL"):
        command, simulator_url = embedded.simulator(settings.DATA_DIR / "simulator")
        programs.append(Program("simulator", command, essential=True))
    return programs, Endpoints(redis_url, simulator_url)


def _is_demo() -> bool:
    return not (settings.OPENAI_BASE_URL or settings.OPENAI_API_KEY)


def _environment(endpoints: Endpoints) -> dict[str, str]:
    """What the programs see: our environment, our Python first, and the addresses chosen here."""
    chosen = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        # Celery's warning to root, six lines from each worker; in a container everybody is root.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        "BIND": settings.BIND,
        "PORT": str(settings.PORT),
        "LOG_LEVEL": settings.LOG_LEVEL,
        "REDIS_URL": os.environ.get("REDIS_URL") or endpoints.redis_url,
        "SIMULATOR_URL": os.environ.get("SIMULATOR_URL") or endpoints.simulator_url,
    }
    return {**os.environ, **chosen}


def _procfile() -> list[Program]:
    lines = parse_procfile((settings.BASE_DIR / "Procfile").read_text()).processes
    return [Program(name, command) for name, command in lines.items() if name != "release"]


def _prepare_database() -> banner.SignIn:
    """Do what the Procfile's `release` does, and return how the owner gets in."""
    call_command("migrate", interactive=False, verbosity=0)
    sign_in = banner.ensure_owner()
    if settings.PRODUCTION:
        call_command("collectstatic", interactive=False, verbosity=0)
    connections.close_all()
    return sign_in


def _wait_until(
    condition: Callable[[], bool], supervisor: Supervisor, stop: StopRequest, *, seconds: float, what: str
) -> None:
    """Return once `condition` holds or somebody wants to stop. Raises `StartError` when it takes too long."""
    deadline = time.monotonic() + seconds
    while not stop and not condition():
        if time.monotonic() > deadline:
            raise StartError(f"{what} did not answer within {seconds:.0f} seconds.")
        supervisor.step()


def _broker_answers(url: str) -> bool:
    with suppress(RedisError), Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as broker:
        return bool(broker.ping())
    return False


def _studio_answers(address: str, broker_url: str) -> bool:
    """Whether a worker serves each queue and the web process finds all its parts well."""
    with Celery(broker=broker_url, set_as_current=False) as app:
        if health.unserved_queues(app):
            return False
    # The name is one that ALLOWED_HOSTS lets in, which need not be the address we listen on.
    name = settings.ALLOWED_HOSTS[0].lstrip(".").replace("*", "localhost")
    request = Request(f"{address}health/ready", headers={"Host": name})  # noqa: S310  # our own address
    try:
        with urlopen(request, timeout=10) as reply:  # noqa: S310
            return bool(reply.status == HTTPStatus.OK)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
