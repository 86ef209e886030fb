"""The work itself: what waits for too long, what is held, what failed to be told."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.timesince import timesince

from accounts.models import MailState, OutgoingMail
from billing.models import Discrepancy
from videos.doctor.finding import Finding, Findings, ok, warning, wrong
from videos.engine.fair_queue import OWNER_NOT_HELD
from videos.engine.ledger_check import find_contradictions
from videos.engine.storage_use import storage_use
from videos.models import NoticeKind, State, StorageNotice, StudioState, Video
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState

_QUEUED_LONG = timedelta(hours=1)
_OVERDUE = timedelta(minutes=5)  # since something should have been looked at
_SEARCHED_LONG = timedelta(minutes=30)
_MAIL_LATE = timedelta(minutes=10)
_RECENT = timedelta(days=1)
_NAMED = 3  # contradictions, or people
_LOOKED_AT = 50  # people who were told that their storage is full
_LOG = "See the log of the workers: something goes wrong each time that it is tried."


def check_hold() -> Findings:
    """Say whether submissions are held."""
    state = StudioState.objects.filter(pk=StudioState.ONLY).first()
    if state is None or state.held_at is None:
        yield ok("submissions", "They are not held.")
        return
    found = f"They have been held for {timesince(state.held_at)}. {state.why_held}"
    if state.is_maintenance:
        advice = "`manage.py release` ends the maintenance when you are done."
        yield warning("submissions", found, advice)
        return
    advice = "`manage.py hold --status` says what waits, `manage.py release` goes on."
    yield warning("submissions", found, advice)


def check_stalled() -> Findings:
    """Find videos that have been in a state for longer than usual."""
    now = timezone.now()
    found = [each for each in (_queued(now), *_overdue(now), _undecided(), _searched(now)) if each]
    yield from found
    if not found:
        in_flight = Video.objects.in_flight().count()
        yield ok("videos", f"None of {in_flight:,} in flight waits for longer than it should.")


def check_storage_quotas() -> Findings:
    """Say who cannot make anything because their storage is full."""
    told = StorageNotice.objects.filter(kind__in=[NoticeKind.FULL, NoticeKind.ALMOST_FULL])
    people = [notice.user for notice in told.select_related("user").order_by("told_at")[:_LOOKED_AT]]
    full = [user.username for user in people if user.is_active and storage_use(user).is_full]
    if not full:
        yield ok("storage quotas", "Nobody's storage is full.")
        return
    names = ", ".join(full[:_NAMED]) + (f" and {len(full) - _NAMED} more" if len(full) > _NAMED else "")
    found = f"Full for {names}: new videos of theirs are refused. What is in flight is stored."
    yield warning("storage quotas", found, "They empty their trash, or get more in the admin under Users.")


def check_ledger() -> Findings:
    """Compare ledger and videos, as far as there is time."""
    kept = [
        str(sentence) for sentence in Discrepancy.objects.values_list("sentence", flat=True)[: _NAMED + 1]
    ]
    advice = (
        "`manage.py check_ledger` names all. Look at the videos in the admin; nothing repairs itself here."
    )
    if kept:
        yield wrong("ledger", f"It does not fit the videos: {' '.join(kept[:_NAMED])}", advice)
        return
    for sentence in find_contradictions():
        yield wrong("ledger", f"It does not fit the videos: {sentence}", advice)
        return
    yield ok("ledger", "It agrees with the videos.")


def check_webhooks() -> Findings:
    """Find webhooks that fail, and deliveries that were given up."""
    disabled = Endpoint.objects.filter(state=EndpointState.DISABLED).count()
    failing = Endpoint.objects.filter(state=EndpointState.ACTIVE, failing_since__isnull=False).count()
    since = timezone.now() - _RECENT
    failed = Delivery.objects.filter(state=DeliveryState.FAILED, created_at__gte=since).count()
    if disabled or failing or failed:
        found = (
            f"{failing} fail at the moment, {disabled} are disabled; {failed:,} "
            "deliveries failed in the last day."
        )
        advice = "The log on each webhook's page has every answer. Mend the receiver, then Resend all failed."
        yield warning("webhooks", found, advice)
    else:
        yield ok("webhooks", f"{Endpoint.objects.count()} webhooks, and none fails.")


def check_outgoing_mail() -> Findings:
    """Find messages that were not sent."""
    now = timezone.now()
    failed = OutgoingMail.objects.filter(state=MailState.FAILED, finished_at__gte=now - _RECENT)
    late = OutgoingMail.objects.filter(state=MailState.QUEUED, created_at__lte=now - _MAIL_LATE)
    number = failed.count() + late.count()
    if not number:
        yield ok("outgoing mail", "Nothing waits or has failed.")
        return
    last = failed.exclude(error="").first() or late.exclude(error="").first()
    found = f"{late.count():,} messages wait, and {failed.count():,} failed in the last day."
    if last:
        found += f" The last reason: {last.error}"
    yield warning("outgoing mail", found, "Mend the mail server, then send again in the admin under Emails.")


# --- Videos ------------------------------------------------------------------------------------------------


def _queued(now: datetime) -> Finding | None:
    """Find what waits although nobody paused it, its batch, its owner's queue, its backend or everything."""
    if StudioState.objects.filter(held_at__isnull=False).exists():
        return None  # which has a line of its own
    not_paused = OWNER_NOT_HELD & Q(batch__paused_at=None, paused_at=None)
    old = Video.objects.filter(not_paused, state=State.QUEUED, created_at__lte=now - _QUEUED_LONG)
    waiting = old.exclude(backend__enabled=True, backend__paused_until__gt=now)
    return _stalled(
        waiting.filter(due_at__lte=now),
        "created_at",
        "queued",
        "See the lines about submissions, workers and backends; else the backend has as many jobs as it may.",
    )


def _overdue(now: datetime) -> Iterable[Finding | None]:
    overdue = Video.objects.filter(due_at__lte=now - _OVERDUE)
    expired = Video.objects.filter(state=State.SUBMITTING, lease_expires_at__lte=now - _OVERDUE)
    yield _stalled(
        expired, "lease_expires_at", "being submitted, and nobody is at it", f"The sweep finds them. {_LOG}"
    )
    running = overdue.filter(state=State.IN_PROGRESS)
    yield _stalled(running, "due_at", "running at a backend, and due to be polled", _LOG)
    storing = overdue.filter(state=State.STORING)
    yield _stalled(
        storing, "due_at", "finished, and due to be stored", f"Is there a worker of downloads? {_LOG}"
    )


def _undecided() -> Finding | None:
    waiting = Video.objects.filter(state=State.UNCERTAIN, due_at=None)
    advice = "Their owners decide on each video's page: was it made, or is it to be submitted again?"
    return _stalled(waiting, "attempted_at", "in need of a decision", advice)


def _searched(now: datetime) -> Finding | None:
    searched = Video.objects.filter(state=State.UNCERTAIN, due_at__isnull=False)
    long = searched.filter(attempted_at__lte=now - _SEARCHED_LONG)
    return _stalled(long, "attempted_at", "searched for at their backend", f"Does it list its jobs? {_LOG}")


def _stalled(videos: QuerySet[Video], since: str, what: str, advice: str) -> Finding | None:
    number = videos.count()
    if not number:
        return None
    oldest = videos.order_by(since).first()
    moment = getattr(oldest, since) if oldest else None
    count = "1 video is" if number == 1 else f"{number:,} videos are"
    age = f", the oldest for {timesince(moment)}" if moment else ""
    name = f" ({oldest.public_id})" if oldest else ""
    return warning("videos", f"{count} {what}{age}{name}.", advice)
