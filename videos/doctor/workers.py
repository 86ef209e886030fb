"""Who works in the background: workers of each queue, of this version, and one beat."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from celery import current_app
from django.conf import settings

from videos.doctor.broker import queue_names
from videos.doctor.finding import Finding, Findings, not_checked, ok, warning, wrong
from videos.engine import heartbeat
from videos.engine.leadership import leader_of

_WAIT = 1.5  # seconds for replies of workers
_WATCHED = 4.0  # seconds for which ticks are counted
_TICK = "videos.dispatch"
_TWICE = 1.6  # times as many ticks as the schedule has
_PROCESSES = {"short": "worker", "network": "network", "downloads": "downloads"}  # of the Procfile


def check_signs_of_life() -> Findings:
    """Read what health checks and pages read: who was seen at work in the last half minute."""
    stalled = heartbeat.read_stalled_roles()
    if heartbeat.SCHEDULER in stalled:
        yield _silent_beat()
    else:
        yield ok("beat", "Its ticks are carried out.")
    silent = [queue for queue in queue_names() if heartbeat.queue_role(queue) in stalled]
    if silent:
        yield wrong("workers", f"Nobody was seen at work for {_listed(silent)}.", _start(silent))
    else:
        yield ok("workers", f"There are some for {_listed(queue_names())}.")


def _silent_beat() -> Finding:
    found = f"No tick was carried out in the last {heartbeat.STALE_AFTER:.0f} s"
    if leader := leader_of(heartbeat.BEAT):
        advice = "Start `worker` of the Procfile; if it runs, see whether both have the same REDIS_URL."
        return wrong("beat", f"{found}, although beat runs ({leader[0]}).", advice)
    return wrong("beat", f"{found}, and no beat runs.", "Start `beat` of the Procfile, or `make run`.")


def check_replies() -> Findings:
    """Ask the workers themselves, through the broker, and count the ticks of beat."""
    queues = current_app.control.inspect(timeout=_WAIT).active_queues() or {}
    served = {queue["name"] for each in queues.values() for queue in each}
    unserved = [queue for queue in queue_names() if queue not in served]
    if not queues:
        advice = "Start them. If they run: they have another REDIS_URL or REDIS_PREFIX than this shell."
        yield wrong("workers' replies", "No worker answers through the broker.", advice)
        return
    if unserved:
        found = f"{len(queues)} answer, and none of them serves {_listed(unserved)}."
        yield wrong("workers' replies", found, _start(unserved))
    else:
        yield ok("workers' replies", f"{len(queues)} answer, for {_listed(sorted(served))}.")
    inspect = current_app.control.inspect(timeout=_WAIT, limit=len(queues))  # which waits for no more
    yield from _versions(inspect.registered() or {})
    yield from _beats(inspect)


def _versions(registered: Mapping[str, Iterable[str]]) -> Iterable[Finding]:
    """Compare the tasks that workers know with ours: an upgrade may have left some running."""
    current_app.loader.import_default_modules()  # as a worker does when it starts
    ours = {name for name in current_app.tasks if not name.startswith("celery.")}
    for worker, tasks in registered.items():
        theirs = {name.split(" ")[0] for name in tasks}
        if ours - theirs or {name for name in theirs if not name.startswith("celery.")} - ours:
            found = f"{worker} knows other tasks than this version."
            yield warning("workers' version", found, "It runs another version of ContentGen: restart it.")


def _beats(inspect: Any) -> Iterable[Finding]:
    """Count ticks for some seconds. Nobody else tells how many beats there are."""
    before, began = _ticks(inspect), time.monotonic()
    time.sleep(_WATCHED)
    ticks, seconds = _ticks(inspect) - before, time.monotonic() - began
    schedule: Any = settings.CELERY_BEAT_SCHEDULE[_TICK]["schedule"]
    expected = seconds / schedule.run_every.total_seconds()
    if ticks > expected * _TWICE:
        found = f"{ticks} ticks in {seconds:.0f} s, and the schedule has {expected:.0f}."
        advice = "A beat of an earlier version runs beside this one's, which it does not know of: stop it."
        yield warning("number of beats", f"{found} That is double work, and no harm.", advice)
    elif ticks:
        yield ok("number of beats", "One sends the ticks.")
    else:
        yield not_checked("number of beats", "No tick was carried out meanwhile.")


def _ticks(inspect: Any) -> int:
    stats = inspect.stats() or {}
    return sum(int(each.get("total", {}).get(_TICK, 0)) for each in stats.values())


def _start(queues: Iterable[str]) -> str:
    names = _listed([_PROCESSES.get(queue, queue) for queue in queues])
    return f"Start {names} of the Procfile (`make run` starts all), and see their log."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
