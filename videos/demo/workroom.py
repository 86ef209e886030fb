"""Having videos made: by the workers where they run, else in this process, with a simulator of its own."""

import json
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from django.conf import settings
from django.db import connections
from django.db.models import Q
from django.utils import timezone

from contentgen.run import embedded
from videos.engine import heartbeat, poll, store, submit
from videos.models import IN_FLIGHT, Backend, State, Video
from videos.models.video_queries import VideoQuerySet

_THREADS = 3  # that store files
# Frames per second of the videos, a sixth of the usual: rendering takes as long as there are frames, and with
# 8 it alone took a hundred seconds of a core.
_FPS = 4
_PAUSE = 0.2  # seconds between two looks
_START = 60.0  # seconds for the simulator to answer
PATIENCE = 300.0  # seconds in which nothing gets ready


class NotMadeError(Exception):
    """The videos are not made. The text says why."""


@contextmanager
def open_workroom() -> Iterator[None]:
    """Have a simulator answer in the block, which makes each video as fast as it can."""
    with ExitStack() as stack:
        if not _answers():
            stack.enter_context(_simulator())
        stack.enter_context(_in_a_hurry())
        yield


def make_all(videos: VideoQuerySet, show: Callable[[int, int], None]) -> None:
    """Return when all of the videos have ended, but for those that wait for a decision.

    `show` is told how many have ended, and of how many. Raises `NotMadeError` when nothing moves.
    """
    is_alone = bool(heartbeat.read_stalled_roles())
    last, moved_at = -1, time.monotonic()
    backend = Backend.objects.get(is_simulator=True)
    with ThreadPoolExecutor(_THREADS) as pool:
        while left := videos.filter(state__in=IN_FLIGHT).exclude(state=State.UNCERTAIN, due_at=None).count():
            show(videos.count() - left, videos.count())
            if left != last:
                last, moved_at = left, time.monotonic()
            if time.monotonic() - moved_at > PATIENCE:
                raise NotMadeError(f"{left} videos are not ready, and none was for {PATIENCE:.0f} seconds.")
            if is_alone:
                _work(backend, pool)
            time.sleep(_PAUSE)
    show(videos.count(), videos.count())


def _work(backend: Backend, pool: ThreadPoolExecutor) -> None:
    """Do what the workers do in one tick."""
    while submit.submit_next(backend.pk):
        pass
    poll.poll_backend(backend.pk)
    now = timezone.now()
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=now)
    due = Video.objects.filter(free, backend=backend, state=State.STORING, due_at__lte=now)
    list(pool.map(_store, due.values_list("pk", flat=True)))


def _store(pk: int) -> None:
    try:
        store.store(pk)
    finally:
        connections.close_all()  # this thread's own


@contextmanager
def _simulator() -> Iterator[None]:
    """Start the simulator of `make run`, with the jobs that it knows, and stop it afterwards."""
    folder = settings.DATA_DIR / "simulator"
    planned = embedded.plan_services()
    url, key = planned.simulator_url, planned.simulator_key
    command = embedded.prepare_simulator(folder, url)
    before = settings.SIMULATOR_URL, settings.SIMULATOR_API_KEY
    process = subprocess.Popen(  # noqa: S603  # our own command
        shlex.split(command),
        cwd=settings.BASE_DIR,
        env={**os.environ, "SIMULATOR_API_KEY": key},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    settings.SIMULATOR_URL, settings.SIMULATOR_API_KEY = url, key
    try:
        _wait_for(process)
        yield
    finally:
        settings.SIMULATOR_URL, settings.SIMULATOR_API_KEY = before
        process.terminate()
        process.wait()


def _wait_for(process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START
    while not _answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotMadeError("The simulator does not start.")
        time.sleep(_PAUSE)


def _answers() -> bool:
    """Whether something listens where the simulator should be."""
    parts = urlsplit(settings.SIMULATOR_URL)
    with suppress(OSError), socket.create_connection((parts.hostname or "", parts.port or 80), timeout=2):
        return True
    return False


@contextmanager
def _in_a_hurry() -> Iterator[None]:
    """Let jobs take no longer than rendering does, and that not long, as far as the simulator can be told."""
    before = _tell({})
    _tell({"duration": 0, "fps": _FPS})
    try:
        yield
    finally:
        if "duration" in before:
            _tell({name: before[name] for name in ("duration", "fps") if name in before})


def _tell(changes: dict[str, Any]) -> dict[str, Any]:
    """Change the simulator's settings, and return them; nothing where it refuses."""
    address = settings.SIMULATOR_URL.removesuffix("/v1") + "/_simulator/settings"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {settings.SIMULATOR_API_KEY}"}
    data = json.dumps(changes).encode() if changes else None
    with suppress(OSError, ValueError), urlopen(Request(address, data, headers), timeout=5) as reply:  # noqa: S310  # our own simulator
        told: dict[str, Any] = json.loads(reply.read())
        return told
    return {}
