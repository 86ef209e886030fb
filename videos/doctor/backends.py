"""The backends: whether each answers, takes its key, and what it has done lately. Never a paid call."""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connections
from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.timesince import timesince

from videos.backends.errors import BackendError
from videos.doctor.database import compare_clocks
from videos.doctor.finding import Finding, Findings, Health, not_checked, ok, warning, wrong
from videos.doctor.runner import describe
from videos.engine import clients
from videos.models import Backend, State, Video

_TIMEOUT = 3.0  # seconds to connect, and for each answer
_PATIENCE = 8.0  # seconds for one backend in all
_MAX_ASKED = 20  # backends
_MANY_FAILURES, _MOST = 5, 0.5  # failures in a day, and their share, from which it is a warning


def check_backends() -> Findings:
    """Ask each backend in use something that is free, all of them at once."""
    backends = _in_use()
    if not backends:
        advice = "Connect one on the page Connect, by add_backend, or by BACKEND_URL."
        yield warning("backends", "There is none in use yet.", advice)
    asked = [_Asked(backend) for backend in backends[:_MAX_ASKED]]
    for each in asked:
        each.start()
    for each in asked:
        yield from each.findings()
    if len(backends) > _MAX_ASKED:
        yield not_checked("backends", f"{len(backends) - _MAX_ASKED} more were not asked.")


def _in_use() -> list[Backend]:
    """Return those that new videos may go to. Unlike `Backend.objects.in_use`, nothing is created."""
    current = Q(from_environment=False) | Q(base_url=settings.BACKEND_URL)
    enabled = Backend.objects.filter(enabled=True)
    connected = list(enabled.filter(current, is_simulator=False))
    if connected or settings.BACKEND_URL:
        return connected
    if not Backend.objects.filter(is_simulator=True).exists():
        return [Backend(name="Simulator", is_simulator=True)]  # its row is made by the first page
    return list(enabled.filter(is_simulator=True))


class _Asked:
    """One backend that is being asked, in a thread of its own."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._what = f"backend {backend.name}"
        self._found: list[Finding] = []
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._began = timezone.now()

    def start(self) -> None:
        self._thread.start()

    def findings(self) -> list[Finding]:
        left = _PATIENCE - (timezone.now() - self._began).total_seconds()
        self._thread.join(max(0.1, left))
        if self._thread.is_alive():
            late = wrong(self._what, f"No answer within {_PATIENCE:.0f} s.", "See whether the server hangs.")
            return [*self._found, late]
        return self._found

    def _work(self) -> None:
        try:
            for finding in (*_notes(self._backend, self._what), *_answers(self._backend, self._what)):
                self._found.append(finding)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            self._found.append(wrong(self._what, describe(error), "See what the error says."))
        finally:
            connections.close_all()


def _notes(backend: Backend, what: str) -> Iterable[Finding]:
    """Say what the studio knows already."""
    if backend.is_paused:
        yield _pause(backend, what)
    if backend.reads_paused_until and backend.reads_paused_until > timezone.now():
        found = (
            f"It is not polled until {timezone.localtime(backend.reads_paused_until):%H:%M}: "
            "too many requests."
        )
        yield warning(what, found, "Set requests per minute for it in the admin.")
    if backend.pk:
        yield from _record(backend, what)


def _pause(backend: Backend, what: str) -> Finding:
    end = backend.pause_end
    until = f"until {_moment(end)}" if end else "until somebody resumes it"
    if backend.paused_by:
        reason = f": {backend.pause_reason}" if backend.pause_reason else "."
        found = f"{backend.paused_by} paused it {until}{reason}"
        return warning(what, found, "Press Resume now in the admin under Backends when it is to go on.")
    found = f"It is paused {until}: {backend.pause_reason or 'it refused our requests'}"
    return warning(what, found, "Mend what it says, then press Resume now in the admin under Backends.")


def _moment(at: datetime) -> str:
    """Return a time of today by its hour, and another one with its day."""
    local = timezone.localtime(at)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else f"{local:%Y-%m-%d %H:%M}"


def _record(backend: Backend, what: str) -> Iterable[Finding]:
    since = timezone.now() - timedelta(days=1)
    videos = Video.objects.filter(backend=backend)
    last = videos.aggregate(at=Max("accepted_at"))["at"]
    ended = videos.filter(finished_at__gte=since).order_by()
    counts = dict(ended.values_list("state").annotate(number=Count("pk")))
    failed, done = counts.get(State.FAILED, 0), counts.get(State.COMPLETED, 0)
    found = f"{done} completed and {failed} failed in the last day; "
    found += f"the last job was accepted {timesince(last)} ago." if last else "it has accepted no job yet."
    if failed >= _MANY_FAILURES and failed > (failed + done) * _MOST:
        reasons = ended.filter(state=State.FAILED).values_list("error_code").annotate(number=Count("pk"))
        code, number = reasons.order_by("-number")[0]
        found += f" {number} of them failed with “{code}”."
        yield warning(f"{what}, record", found, "Filter the videos in the admin by this reason.")
    else:
        yield ok(f"{what}, record", found)


def _answers(backend: Backend, what: str) -> Iterable[Finding]:
    """Ask it what it can do, which starts no job."""
    if backend.key_problem:
        yield wrong(what, backend.key_problem, "Until then its videos stay queued.")
        return
    if backend.is_retired:
        advice = "Connect a server that speaks the Videos API."
        yield wrong(what, f"{backend.address} no longer serves this API.", advice)
        return
    report = clients.probe(backend, timeout=_TIMEOUT)
    if report.problem:
        advice = f"`manage.py probe_backend “{backend.name}”` tells more. Its videos stay queued."
        if backend.is_simulator and "Check the base URL" in report.problem:
            advice = "Start `make run`, or set SIMULATOR_URL to a simulator that you run yourself."
        # Whoever paused it has said why, and nothing is sent to it meanwhile.
        say = warning if backend.is_paused and backend.paused_by else wrong
        yield say(what, f"{backend.address}: {report.problem}", advice)
        return
    key = next((check.found for check in report.checks if check.name == "key"), "")
    yield ok(what, f"{backend.address} answers. Key: {key}")
    if backend.can_list is not False:
        yield from _clock(backend, what)


def _clock(backend: Backend, what: str) -> Iterable[Finding]:
    before = timezone.now()
    try:
        with clients.client_for(backend, timeout=_TIMEOUT) as client:
            sent_at = client.list(limit=1).sent_at
    except BackendError:
        return  # that it has no list, the report of the probe says
    if sent_at is None:
        return
    # `Date` counts whole seconds.
    there, after = datetime.fromtimestamp(sent_at, UTC), timezone.now() + timedelta(seconds=1)
    clock = compare_clocks(f"{what}, clock", there, before, after)
    if clock.health == Health.WRONG:  # the studio measures and allows for it
        clock = warning(clock.what, clock.found, "The studio allows for it; have its clock set all the same.")
    yield clock
