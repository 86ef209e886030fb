"""What becomes of each video, told to whoever looks from outside: a line of the log, a metric, and a span.

It is told once it is committed, so nothing is told that was rolled back. Whoever works on a video names it
with `about`; then nothing has to be read to tell of it.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction

from contentgen.monitoring import log_context, tracing
from contentgen.monitoring.measures import OTHER, OUTCOMES, REQUESTED, SUBMISSIONS
from videos.models import State, Video

logger = logging.getLogger(__name__)

_ENDED = frozenset({State.COMPLETED, State.FAILED, State.CANCELED})
# Of failed videos, as metrics tell them apart. Backends name codes of their own, of which there is no end.
_REASONS = frozenset(
    {
        *("bad_redirect", "bad_reference", "bad_reply", "bad_request", "bad_text", "beyond_limits"),
        *("disk_full", "dropped", "download_failed", "file_too_large", "forbidden", "generation_failed"),
        *("given_up", "gone", "invalid_key", "moderation_blocked", "no_file", "not_a_video", "not_found"),
        *("not_served", "out_of_credit", "redirected", "sentinel_block", "server_error", "source_gone"),
        *("source_unknown", "storage_down", "storing_failed", "timed_out", "timeout", "too_large"),
        *("truncated", "unauthorized", "unreachable", "unsupported", "unsupported_media"),
    }
)


@dataclass(frozen=True)
class _Subject:
    """What is told of a video in each of its lines."""

    pk: int
    public_id: str
    backend: str
    owner_id: int
    request_id: str
    traceparent: str


_current: ContextVar[_Subject | None] = ContextVar("video", default=None)


@contextmanager
def about(video: Video) -> Iterator[None]:
    """Let the lines of the log, and the transitions told, inside the block be about this video.

    Takes no query where the video's backend is loaded.
    """
    subject = _subject_of(video)
    reset = _current.set(subject)
    try:
        with _lines_about(subject, attempt=video.attempts):
            yield
    finally:
        _current.reset(reset)


@contextmanager
def span(name: str, video: Video) -> Iterator[None]:
    """Make the block a span of the video's trace."""
    subject = _subject_of(video)
    attempt = {"attempt": video.attempts} if video.attempts else {}
    with tracing.span(name, subject.traceparent, video=subject.public_id, backend=subject.backend, **attempt):
        yield


def tell_created(videos: Sequence[Video]) -> None:
    """Tell, once the transaction is committed, that the videos were asked for."""
    subjects = [_subject_of(video) for video in videos if video.state == State.QUEUED]
    if subjects:
        transaction.on_commit(partial(_tell_created, subjects), robust=True)


def tell_transition(pk: int, old: State, new: State, error_code: str) -> None:
    """Tell, once the transaction is committed, that the video went from `old` to `new`."""
    known = _current.get()
    subject = known if known and known.pk == pk else None
    transaction.on_commit(partial(_tell_transition, pk, subject, old, new, error_code), robust=True)


def _tell_created(subjects: Sequence[_Subject]) -> None:
    for subject in subjects:
        REQUESTED.add(backend=subject.backend)
        with _lines_about(subject):
            logger.info("Video %s: requested", subject.public_id)


def _tell_transition(pk: int, known: _Subject | None, old: State, new: State, error_code: str) -> None:
    subject = known or _find(pk)
    if subject is None:
        return
    _count(subject, old, new, error_code)
    with _lines_about(subject), _transition_span(subject, old, new, error_code):
        reason = f", {error_code}" if error_code else ""
        logger.info("Video %s: %s → %s%s", subject.public_id, old.value, new.value, reason)


def _count(subject: _Subject, old: State, new: State, error_code: str) -> None:
    if old == State.SUBMITTING:
        SUBMISSIONS.add(backend=subject.backend, result=new.value)
    if new in _ENDED:
        reason = error_code if error_code in _REASONS or not error_code else OTHER
        OUTCOMES.add(backend=subject.backend, outcome=new.value, reason=reason)


@contextmanager
def _transition_span(subject: _Subject, old: State, new: State, error_code: str) -> Iterator[None]:
    with tracing.span(
        f"{old.value} to {new.value}",
        subject.traceparent,
        video=subject.public_id,
        backend=subject.backend,
        error_code=error_code,
    ):
        yield


@contextmanager
def _lines_about(subject: _Subject, **more: int) -> Iterator[None]:
    # Whoever does something in a request of their own is known; behind a task stands who asked for the video.
    asked: dict[str, Any] = {}
    if not log_context.is_in_request():
        asked = {"user": subject.owner_id, log_context.REQUEST_ID: subject.request_id}
    with log_context.bound(video=subject.public_id, backend=subject.backend, **asked, **more):
        yield


def _subject_of(video: Video) -> _Subject:
    return _Subject(
        video.pk,
        video.public_id,
        video.backend.name,
        video.owner_id,
        video.request_id,
        video.traceparent,
    )


def _find(pk: int) -> _Subject | None:
    columns = ("pk", "public_id", "backend__name", "owner_id", "request_id", "traceparent")
    row = Video.objects.filter(pk=pk).values_list(*columns).first()
    return _Subject(*row) if row else None
