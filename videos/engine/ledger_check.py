"""Whether the ledger, its reservations and the videos agree. Nothing is repaired here."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q, QuerySet, Sum
from django.utils.translation import gettext_noop

from billing.attempts import Attempt, attempts_of, group_lines
from billing.budgets import lines_of
from billing.models import Budget, Discrepancy, Kind, LedgerLine
from billing.money import ZERO, format_money
from contentgen.stored_texts import sentence
from videos.engine import safe_cache
from videos.models import Backend, State, Video

logger = logging.getLogger(__name__)

WINDOW = 1000  # keys of videos that are checked at a time, with all their lines
INTERVAL = 300.0  # seconds between two windows that the sweep checks
MAX_KEPT = 1000  # discrepancies that staff is shown: more of them say nothing new
_REMEMBERED_FOR = 7 * 24 * 3600.0  # seconds for which the sweep knows where it was

# Nothing of the present submission is charged in these: it is reserved.
_MAY_BE_CHARGED = frozenset({State.QUEUED, State.SUBMITTING, State.UNCERTAIN})
_ACCEPTED = frozenset({State.IN_PROGRESS, State.STORING, State.COMPLETED})
_SAME = ("counts_at", "user_id", "role", "token_id", "video", "model")

# As `check_ledger` and the administration tell them.
_NO_RESERVATION = sentence(
    gettext_noop("%(video)s, attempt %(number)d: begins without a reservation."), alone=True
)
_CHARGED_TWICE = sentence(
    gettext_noop("%(video)s, attempt %(number)d: is charged more than once."), alone=True
)
_STILL_RESERVED = sentence(
    gettext_noop("%(video)s, attempt %(number)d: has ended, and %(amount)s of it is still reserved."),
    alone=True,
)
_BELOW_ZERO = sentence(
    gettext_noop("%(video)s, attempt %(number)d: less than nothing is reserved or spent."), alone=True
)
_WRONG_SUM = sentence(gettext_noop("%(video)s, attempt %(number)d: a line does not add up."), alone=True)
_DIFFERING = sentence(
    gettext_noop("%(video)s, attempt %(number)d: its lines differ in %(columns)s."), alone=True
)
_RESERVED_IN_STATE = sentence(
    gettext_noop("%(video)s: is %(state)s, and something is still reserved for it."), alone=True
)
_RESERVED_FOR_NOTHING = sentence(
    gettext_noop("%(video)s: is gone, and something is still reserved for it."), alone=True
)
_NOT_RESERVED = sentence(gettext_noop("%(video)s: is %(state)s, and nothing is reserved for it."), alone=True)
_NOT_CHARGED = sentence(gettext_noop("%(video)s: is %(state)s, and nothing is charged for it."), alone=True)
_ACCEPTED_FOR_NOTHING = sentence(
    gettext_noop("%(video)s: was accepted by a backend that charges, and nothing is charged for it."),
    alone=True,
)
_BUDGET_DIFFERS = sentence(
    gettext_noop("%(budget)s: %(used)s is used of it, and its videos add up to %(videos)s."), alone=True
)


@dataclass(frozen=True)
class _Subject:
    """A video as the check sees it. `is_paid`: its backend charges, and did so when it was asked for."""

    public_id: str
    state: str
    is_paid: bool
    has_job: bool


def find_contradictions() -> Iterator[str]:
    """Yield, as sentences, all that does not fit together; nothing when all is well.

    Reads everything, a thousand videos at a time. What seems wrong is looked at once more while the video's
    row is locked, so that a video which changes at this moment is not reported.
    """
    last = _last_key()
    for first in range(0, last + 1, WINDOW):
        for sentences in _check_window(first).values():
            yield from sentences
    yield from _check_budgets()


def check_next_window() -> None:
    """Check the next thousand videos, and the newest, once in `INTERVAL`: log and keep what does not fit.

    What fits again is no longer kept. So every video has its turn, in a time that does not depend on how many
    there are.
    """
    if not safe_cache.add("ledger-check", timeout=INTERVAL):
        return
    last, place = _last_key(), "ledger-check-place"
    first = safe_cache.get_many([place]).get(place, 0)
    first = first if first <= last else 0
    safe_cache.set_many({place: first + WINDOW}, timeout=_REMEMBERED_FOR)
    for each in {first, last // WINDOW * WINDOW}:
        _keep(each, _check_window(each))


def _last_key() -> int:
    """The highest key of a video that the studio or its ledger knows."""
    rows = Video.objects.aggregate(last=Max("pk"))["last"]
    lines = LedgerLine.objects.aggregate(last=Max("video_id"))["last"]
    return max(rows or 0, lines or 0)


def _keep(first: int, found: dict[int, list[str]]) -> None:
    """Keep what was found among the videos from the key `first` on, in place of what was found before."""
    sentences = {(key, each) for key, every in found.items() for each in every}
    kept = Discrepancy.objects.filter(video_id__gte=first, video_id__lt=first + WINDOW)
    known = {(each.video_id, each.sentence): each.pk for each in kept}
    if gone := [pk for key, pk in known.items() if key not in sentences]:
        Discrepancy.objects.filter(pk__in=gone).delete()
    new = sorted(sentences - known.keys())
    for _, words in new:
        logger.critical("The ledger does not fit the videos: %s", words)
    room = max(0, MAX_KEPT - Discrepancy.objects.count())
    rows = [Discrepancy(video_id=key, sentence=sentence) for key, sentence in new[:room]]
    Discrepancy.objects.bulk_create(rows, ignore_conflicts=True)


def _check_window(first: int) -> dict[int, list[str]]:
    """Return what is wrong with the videos from the key `first` on, by their keys."""
    keys = Q(video_id__gte=first, video_id__lt=first + WINDOW)
    lines = group_lines(LedgerLine.objects.filter(keys).order_by("pk"))
    subjects = _subjects(Video.objects.filter(pk__gte=first, pk__lt=first + WINDOW))
    suspects = [
        key
        for key in sorted(lines.keys() | subjects.keys())
        if any(_check_video(subjects.get(key), lines.get(key, [])))
    ]
    checked = {key: _check_again(key) for key in suspects}
    return {key: sentences for key, sentences in checked.items() if sentences}


def _check_again(key: int) -> list[str]:
    """Check one video while nobody changes it: whoever does locks its row, and then writes the line."""
    with transaction.atomic():
        rows = Video.objects.select_for_update(of=("self",)).filter(pk=key)
        subject = _subjects(rows).get(key)
        return list(_check_video(subject, attempts_of(key)))


def _subjects(rows: QuerySet[Video]) -> dict[int, _Subject]:
    metered = {backend.pk for backend in Backend.objects.all() if backend.is_metered}
    found = rows.only("public_id", "state", "backend_id", "backend_job_id", "price")
    return {
        each.pk: _Subject(
            each.public_id,
            each.state,
            is_paid=each.backend_id in metered and each.price != 0,
            has_job=bool(each.backend_job_id),
        )
        for each in found
    }


def _check_video(subject: _Subject | None, attempts: list[Attempt]) -> Iterator[str]:
    for attempt in attempts:
        yield from _check_attempt(attempt)
    if attempts:
        yield from _check_reservations(attempts, subject.state if subject else "")
    elif subject and subject.is_paid:
        yield from _check_missing(subject)


def _check_attempt(attempt: Attempt) -> Iterator[str]:
    about: dict[str, object] = {"video": attempt.lines[0].video, "number": attempt.number}
    if attempt.lines[0].kind != Kind.RESERVE and not attempt.is_surplus:
        yield _NO_RESERVATION % about
    if sum(line.kind == Kind.CHARGE for line in attempt.lines) > 1:
        yield _CHARGED_TWICE % about
    if not attempt.is_open and attempt.reserved:
        yield _STILL_RESERVED % {**about, "amount": format_money(attempt.reserved)}
    if attempt.reserved < 0 or attempt.spent < 0:
        yield _BELOW_ZERO % about
    if any(line.net != line.reserved + line.spent for line in attempt.lines):
        yield _WRONG_SUM % about
    differing = [each for each in _SAME if len({getattr(line, each) for line in attempt.lines}) > 1]
    if differing:
        yield _DIFFERING % {**about, "columns": ", ".join(differing)}


def _check_reservations(attempts: list[Attempt], state: str) -> Iterator[str]:
    """A video has an open reservation exactly as long as it may still be charged."""
    is_open = any(attempt.is_open for attempt in attempts)
    name = attempts[0].lines[0].video
    if is_open and state not in _MAY_BE_CHARGED:
        reserved = _RESERVED_IN_STATE if state else _RESERVED_FOR_NOTHING
        yield reserved % {"video": name, "state": state}
    if _is_moved_to_free(attempts):
        return
    if not is_open and state in _MAY_BE_CHARGED:
        yield _NOT_RESERVED % {"video": name, "state": state}
    if state in _ACCEPTED and not any(attempt.is_charged for attempt in attempts):
        yield _NOT_CHARGED % {"video": name, "state": state}


def _is_moved_to_free(attempts: list[Attempt]) -> bool:
    return attempts[-1].lines[-1].transition == "moved"


def _check_missing(subject: _Subject) -> Iterator[str]:
    """A video that may be charged, or was accepted, is in the ledger, unless it costs nothing."""
    if subject.state in _MAY_BE_CHARGED:
        yield _NOT_RESERVED % {"video": subject.public_id, "state": subject.state}
    elif subject.has_job:
        yield _ACCEPTED_FOR_NOTHING % {"video": subject.public_id}


def _check_budgets() -> Iterator[str]:
    """What a budget counts is what its videos have reserved and spent."""
    for budget in Budget.objects.select_related("user", "token"):
        lines = LedgerLine.objects.filter(lines_of(budget)).order_by()
        sums = lines.aggregate(net=Sum("net"), reserved=Sum("reserved"), spent=Sum("spent"))
        net, videos = sums["net"] or ZERO, (sums["reserved"] or ZERO) + (sums["spent"] or ZERO)
        if net != videos:
            told = {"budget": budget, "used": format_money(net), "videos": format_money(videos)}
            yield _BUDGET_DIFFERS % told
