"""Whether the ledger, its reservations and the videos agree. Nothing is repaired here."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum

from billing.attempts import Attempt, group_lines
from billing.budgets import lines_of
from billing.models import Budget, Kind, LedgerLine
from billing.money import ZERO, format_money
from videos.models import Backend, State, Video

BATCH_SIZE = 1000  # videos whose lines are in memory at a time

# Nothing of the present submission is charged in these: it is reserved.
_MAY_BE_CHARGED = frozenset({State.QUEUED, State.SUBMITTING, State.UNCERTAIN})
_ACCEPTED = frozenset({State.IN_PROGRESS, State.STORING, State.COMPLETED})
_SAME = ("counts_at", "user_id", "role", "token_id", "video", "model")


def find_contradictions() -> Iterator[str]:
    """Yield, as sentences, all that does not fit together; nothing when all is well.

    A video that changes meanwhile may be reported wrongly: check again.
    """
    yield from _check_attempts()
    yield from _check_videos_without_lines()
    yield from _check_budgets()


def _check_attempts() -> Iterator[str]:
    last = 0
    while ids := _video_ids(after=last):
        states = dict(Video.objects.filter(pk__in=ids).values_list("pk", "state"))
        for video_id, attempts in group_lines(LedgerLine.objects.of_videos(ids)).items():
            for attempt in attempts:
                yield from _check_attempt(attempt)
            yield from _check_reservations(attempts, states.get(video_id))
        last = ids[-1]


def _video_ids(*, after: int) -> list[int]:
    later = LedgerLine.objects.filter(video_id__gt=after).order_by("video_id")
    return list(later.values_list("video_id", flat=True).distinct()[:BATCH_SIZE])


def _check_attempt(attempt: Attempt) -> Iterator[str]:
    name = f"{attempt.lines[0].video}, attempt {attempt.number}"
    if attempt.lines[0].kind != Kind.RESERVE and not attempt.is_surplus:
        yield f"{name}: begins without a reservation."
    if sum(line.kind == Kind.CHARGE for line in attempt.lines) > 1:
        yield f"{name}: is charged more than once."
    if not attempt.is_open and attempt.reserved:
        yield f"{name}: has ended, and {format_money(attempt.reserved)} of it is still reserved."
    if attempt.reserved < 0 or attempt.spent < 0:
        yield f"{name}: less than nothing is reserved or spent."
    if any(line.net != line.reserved + line.spent for line in attempt.lines):
        yield f"{name}: a line does not add up."
    differing = [each for each in _SAME if len({getattr(line, each) for line in attempt.lines}) > 1]
    if differing:
        yield f"{name}: its lines differ in {', '.join(differing)}."


def _check_reservations(attempts: list[Attempt], state: str | None) -> Iterator[str]:
    """A video has an open reservation exactly as long as it may still be charged."""
    is_open = any(attempt.is_open for attempt in attempts)
    name = attempts[0].lines[0].video
    if is_open and state not in _MAY_BE_CHARGED:
        what = f"is {state}" if state else "is gone"
        yield f"{name}: {what}, and something is still reserved for it."
    if _is_moved_to_free(attempts):
        return
    if not is_open and state in _MAY_BE_CHARGED:
        yield f"{name}: is {state}, and nothing is reserved for it."
    if state in _ACCEPTED and not any(attempt.is_charged for attempt in attempts):
        yield f"{name}: is {state}, and nothing is charged for it."


def _is_moved_to_free(attempts: list[Attempt]) -> bool:
    return attempts[-1].lines[-1].transition == "moved"


def _check_videos_without_lines() -> Iterator[str]:
    """Every video that may be charged, or was accepted, is in the ledger, unless its backend is free."""
    metered = [backend.pk for backend in Backend.objects.all() if backend.is_metered]
    known = LedgerLine.objects.filter(video_id=OuterRef("pk"))
    unknown = Video.objects.filter(~Exists(known), backend__in=metered).order_by("pk")
    for video in unknown.filter(state__in=_MAY_BE_CHARGED).iterator():
        yield f"{video.public_id}: is {video.state}, and nothing is reserved for it."
    for video in unknown.exclude(backend_job_id="").select_related("backend").iterator():
        yield f"{video.public_id}: was accepted by {video.backend}, and nothing is charged for it."


def _check_budgets() -> Iterator[str]:
    """The sum of a budget is the sum of its videos."""
    for budget in Budget.objects.all():
        lines = LedgerLine.objects.filter(lines_of(budget)).order_by()
        net = _total(lines.aggregate(total=Sum("net"))["total"])
        videos = lines.values("video_id").annotate(held=Sum("reserved"), paid=Sum("spent"))
        by_video = sum((_total(row["held"]) + _total(row["paid"]) for row in videos.iterator()), ZERO)
        if net != by_video:
            sums = f"{format_money(net)} is used of it, and its videos add up to {format_money(by_video)}"
            yield f"{budget}: {sums}."


def _total(amount: Decimal | None) -> Decimal:
    return amount or ZERO
