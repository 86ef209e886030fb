"""`make run`: the whole studio on one machine, from one command, stopped by Ctrl-C.

Starts the Procfile's processes and, unless the settings name others, an embedded Valkey and the simulator.
Everything it starts ends with it, however it ends.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.request import urlopen

import django
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from honcho.environ import parse_procfile
from redis import Redis, RedisError

from contentgen.monitoring import start as monitoring
from contentgen.run import embedded, shared, state
from contentgen.run.banner import ensure_owner, format_banner
from contentgen.run.state import Endpoints, StartError
from contentgen.run.supervisor import Program, RestartLimitError, Supervisor
from contentgen.static_files import collect_changed

STUDIO_TIMEOUT = 120.0  # seconds for everything to answer; a slow machine compiles all its Python files first
BROKER_TIMEOUT = 10.0  # seconds for Valkey or Redis to answer
STOP_TIMEOUT = 8.0  # seconds for everything to end before it is killed
DRAIN_SECONDS = 5  # of these, for workers to finish their task before they hand it back

logger = logging.getLogger("contentgen.run")


class StopRequest:
    """True once this run is to end: after a signal, or when the `make` that started it has ended."""

    def __init__(self) -> None:
        self.count = 0
        self._last = 0.0
        self._parent = os.getppid() if "MAKELEVEL" in os.environ else None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:  # nohup ignores SIGHUP
                signal.signal(number, self._handle)

    def __bool__(self) -> bool:
        return self.count > 0 or (self._parent is not None and os.getppid() != self._parent)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        # `make` passes on a signal that a terminal sends to both: that is one request, not two.
        now = time.monotonic()
        self.count += now - self._last > 1
        self._last = now


def main() -> int:
    """Run until asked to stop. Return the exit code: 0 when asked to, 1 when it failed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")
    stop = StopRequest()
    planned = embedded.plan_services()
    try:
        _load_settings(planned)
        os.umask(settings.PRIVATE_UMASK)  # for all that this process and its programs write
        _check("settings")
        host = settings.BIND.replace("0.0.0.0", "127.0.0.1")  # noqa: S104  # listening on all is the user's choice
        address = f"http://{host}:{settings.PORT}/"
        with state.hold(settings.DATA_DIR, address) as lock:
            embedded.check_port(settings.BIND, settings.PORT)
            _run(address, lock, stop, planned)
    except (ImproperlyConfigured, StartError, CommandError, DatabaseError) as error:
        failure = f"ContentGen did not start: {error}"
    except RestartLimitError as error:
        failure = f"ContentGen stopped: {error}"
    else:
        return 0
    print(failure, file=sys.stderr)  # noqa: T201
    return 1


def _load_settings(planned: Endpoints) -> None:
    """Set Django up with the services of this run, which its programs get with everything else."""
    state.planned = planned
    monitoring.is_in_children_alone = True
    try:
        django.setup()
    finally:
        state.planned = None
    settings.WORKER_DRAIN_SECONDS = min(DRAIN_SECONDS, settings.WORKER_DRAIN_SECONDS)  # for those it forks


def _check(tag: str) -> None:
    """Log what the system checks with this tag warn of. Raises `StartError` for what is wrong.

    The tag `settings` has those of the settings alone, `database` those of what the database holds.
    """
    messages = run_checks(tags=[tag], databases=["default"])
    for message in messages:
        if not message.is_serious():
            logger.warning("%s %s", message.msg, message.hint)
    if errors := [f"{message.msg} {message.hint}" for message in messages if message.is_serious()]:
        raise StartError("\n".join(errors))


def _run(address: str, lock: IO[str], stop: StopRequest, planned: Endpoints) -> None:
    environment = _environment()
    supervisor = Supervisor(environment, settings.BASE_DIR, lock, sys.stdout)
    wait = partial(_wait_until, supervisor=supervisor, stop=stop)
    try:
        services, endpoints = _services(planned)
        state.write_endpoints(settings.DATA_DIR, endpoints)
        for service in services:
            supervisor.start(service)
        sign_in = _prepare_database()
        wait(_broker_answers, seconds=BROKER_TIMEOUT, what="the server at REDIS_URL")
        shared.preload()
        procfile = parse_procfile((settings.BASE_DIR / "Procfile").read_text()).processes
        for name, command in procfile.items():
            if name != "release" and not stop:
                command = shared.in_threads(command)
                supervisor.start(Program(name, command, arguments=shared.arguments_of(command, environment)))
        wait(lambda: _studio_answers(address), seconds=STUDIO_TIMEOUT, what="the studio")
        if not stop:
            print(format_banner(address, *sign_in, is_demo=_is_demo()), end="", flush=True)  # noqa: T201
        supervisor.is_settled = True
        while not stop:
            supervisor.step()
    finally:
        state.delete_endpoints(settings.DATA_DIR)
        supervisor.say("stopping")
        count = stop.count
        supervisor.stop(STOP_TIMEOUT, is_urgent=lambda: stop.count > count)
        supervisor.say("everything has stopped")


def _services(planned: Endpoints) -> tuple[list[Program], Endpoints]:
    """Return the services that the settings leave to us, and where they will be."""
    programs, redis_url, simulator_url, key = [], "", "", ""
    # Not from `settings`, where those that are planned stand if no others do.
    if not os.environ.get("REDIS_URL"):
        command, redis_url = embedded.prepare_valkey(settings.DATA_DIR / "valkey", planned.redis_url)
        programs.append(Program("valkey", command, is_service=True))
    if _is_demo() and not os.environ.get("SIMULATOR_URL"):
        simulator_url, key = planned.simulator_url, planned.simulator_key
        command = embedded.prepare_simulator(settings.DATA_DIR / "simulator", simulator_url)
        environment = {"SIMULATOR_API_KEY": key}
        programs.append(Program("simulator", command, is_service=True, environment=environment))
    return programs, Endpoints(redis_url, simulator_url, key)


def _is_demo() -> bool:
    return not (settings.BACKEND_URL or settings.BACKEND_KEY)


def _environment() -> dict[str, str]:
    """Return what the programs see: our environment, our Python first, and what the Procfile asks for."""
    # Apple's libraries do not expect to be used after a fork: macOS may end a process that Celery or gunicorn
    # forked once it asks for the system's proxies, which each client of a backend does.
    forks = {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"} if sys.platform == "darwin" else {}
    return {
        **forks,
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        # Celery's warning to root, six lines from each worker; in a container everybody is root.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        "BIND": settings.BIND,
        "PORT": str(settings.PORT),
        "METRICS_PORT": str(settings.METRICS_PORT or ""),
        "METRICS_BIND": settings.METRICS_BIND,
        "LOG_LEVEL": settings.LOG_LEVEL,
        "WORKER_DRAIN_SECONDS": str(settings.WORKER_DRAIN_SECONDS),
        "LOG_FORMAT": settings.LOG_FORMAT,
    }


def _prepare_database() -> tuple[str, str]:
    """Do what the Procfile's `release` does, and return how the owner signs in."""
    _check("database")  # which `migrate` does by itself only in a shell
    call_command("migrate", interactive=False, verbosity=0)
    sign_in = ensure_owner()
    if settings.PRODUCTION:
        call_command("collectstatic", interactive=False, verbosity=0)
    else:
        collect_changed()
    connections.close_all()
    return sign_in


def _wait_until(
    condition: Callable[[], bool], supervisor: Supervisor, stop: StopRequest, *, seconds: float, what: str
) -> None:
    """Return once `condition` holds or a stop is requested. Raises `StartError` when it takes too long."""
    deadline = time.monotonic() + seconds
    while not stop and not condition():
        if time.monotonic() > deadline:
            raise StartError(f"{what} did not answer within {seconds:.0f} seconds.")
        supervisor.step()


def _broker_answers() -> bool:
    url = settings.REDIS_URL
    with suppress(RedisError), Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as broker:
        return bool(broker.ping())
    return False


def _studio_answers(address: str) -> bool:
    """Whether the web process finds all its parts well, a worker for each queue among them."""
    with suppress(OSError), urlopen(f"{address}health/ready", timeout=10):  # noqa: S310  # our own address
        return True  # a part that is down is a 503, which raises
    return False


if __name__ == "__main__":
    sys.exit(main())
