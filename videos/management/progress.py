"""Follow videos from a terminal. Everything shown comes from their rows; the backend is never asked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOBase
from time import monotonic, sleep
from typing import Protocol, TextIO, cast

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from videos.models import State, StudioState, Video
from videos.services.held_videos import explain_hold

POLL_INTERVAL = 1.0  # seconds
HINT_AFTER = 20.0  # seconds without any change, before we say what may be the matter
INTERRUPTED = 130  # exit code of a command that was stopped with Ctrl-C, as shells have it
_QUERY_SIZE = 500  # rows in one query
_BAR_WIDTH = 24  # characters

_END_STATES = frozenset({State.COMPLETED, State.FAILED, State.CANCELED})
_AWAITING_DECISION, _DELETED = "awaiting decision", "deleted"
_KINDS = ("completed", "failed", "canceled", _AWAITING_DECISION, _DELETED)
DECISION_NEEDED = (
    "We couldn't confirm that the backend received this job. "
    "In the studio, decide to submit it again or to mark it as failed."
)


@dataclass(frozen=True)
class Outcome:
    """How a video ended. `kind` is one of _KINDS; `reason` is a sentence for people, or empty."""

    public_id: str
    kind: str
    reason: str = ""


def follow_videos(videos: Sequence[Video], stream: OutputWrapper) -> list[Outcome]:
    """Wait until every video has ended, or waits for nothing but its owner's decision.

    Shows progress on `stream`: a bar on a terminal, else, as in a log, one line for each change. Returns the
    outcomes in the order of `videos`. Ctrl-C raises `CommandError` and leaves the videos as they are.
    """
    try:
        with open_display(stream) as display:
            watch = _Watch(videos, display)
            while not watch.poll():
                wait(POLL_INTERVAL)
    except KeyboardInterrupt:
        left = "it goes on" if len(videos) == 1 else "the videos go on"
        raise CommandError(f"Stopped waiting; {left} without this command.", returncode=INTERRUPTED) from None
    return [watch.outcomes[video.pk] for video in videos]


def wait(seconds: float) -> None:
    """Let some time pass before the rows are read once more."""
    sleep(seconds)


# --- Showing progress --------------------------------------------------------------------------------------


class Display(Protocol):
    def show(self, fraction: float, text: str) -> None:
        """Show how far the work is, from 0 to 1, and in words."""

    def say(self, sentence: str) -> None:
        """Write a line that stays."""


class _LineDisplay:
    """A line for each change of the words."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream
        self._shown = ""

    def show(self, fraction: float, text: str) -> None:
        if text != self._shown:
            self.say(text)
            self._shown = text

    def say(self, sentence: str) -> None:
        self._stream.write(sentence, style_func=str)
        self._stream.flush()


class _BarDisplay:
    """A bar, the time since the beginning, and the words, redrawn in place."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=1.0)

    def show(self, fraction: float, text: str) -> None:
        self._progress.update(self._task, completed=fraction, description=text, refresh=True)

    def say(self, sentence: str) -> None:
        self._progress.console.print(sentence)


class _RawStream(TextIOBase):
    """A command's stream that passes text on as it is; Django's own ends every piece with a line break."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only is enough for rich
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str) -> int:
        self._stream.write(text, style_func=str, ending="")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


def raw_stream(stream: OutputWrapper) -> TextIO:
    """Return a command's stream as rich needs it."""
    return cast(TextIO, _RawStream(stream))


@contextmanager
def open_display(stream: OutputWrapper) -> Iterator[Display]:
    """Show progress on `stream` in the block: a bar on a terminal, else a line for each change."""
    raw = raw_stream(stream)
    # FORCE_COLOR would make a terminal of a log file.
    console = Console(file=raw, force_terminal=stream.isatty(), markup=False, highlight=False)
    if not console.is_interactive:
        yield _LineDisplay(stream)
        return
    columns = BarColumn(_BAR_WIDTH), TimeElapsedColumn(), TextColumn("{task.description}", markup=False)
    # What the command writes to standard output must not end up on this stream.
    with Progress(
        *columns,
        console=console,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
        get_time=monotonic,
    ) as progress:
        yield _BarDisplay(progress)


# --- Watching the rows -------------------------------------------------------------------------------------


class _Watch:
    """What is known of the followed videos, poll after poll."""

    def __init__(self, videos: Sequence[Video], display: Display) -> None:
        self.public_ids = {video.pk: video.public_id for video in videos}
        self.outcomes: dict[int, Outcome] = {}
        self._display = display
        self._changed_at = monotonic()
        self._last_seen: object = None
        self._has_hinted = False

    def poll(self) -> bool:
        """Read the rows that have not ended, and show them. Returns whether the waiting is over."""
        rows = _read_rows([pk for pk in self.public_ids if not self._has_ended(pk)])
        for pk, public_id in self.public_ids.items():
            if not self._has_ended(pk):
                self._update_outcome(pk, public_id, rows.get(pk))
        self._display.show(self._fraction(rows), self._summary(rows))
        is_over = len(self.outcomes) == len(self.public_ids)
        if not is_over:
            self._hint_if_stuck(rows)
        return is_over

    def _has_ended(self, pk: int) -> bool:
        # A decision may be made while other videos still run, so a video that awaits one is read again.
        return pk in self.outcomes and self.outcomes[pk].kind != _AWAITING_DECISION

    def _update_outcome(self, pk: int, public_id: str, video: Video | None) -> None:
        self.outcomes.pop(pk, None)
        if video is None:
            self.outcomes[pk] = Outcome(public_id, _DELETED, "It was deleted meanwhile.")
        elif video.needs_decision:
            self.outcomes[pk] = Outcome(public_id, _AWAITING_DECISION, DECISION_NEEDED)
        elif video.state in _END_STATES:
            self.outcomes[pk] = Outcome(public_id, video.state, video.error_message)

    def _hint_if_stuck(self, rows: Mapping[int, Video]) -> None:
        seen = sorted((pk, video.state, video.progress or 0) for pk, video in rows.items())
        if seen != self._last_seen:
            self._last_seen, self._changed_at = seen, monotonic()
        elif not self._has_hinted and monotonic() - self._changed_at >= HINT_AFTER:
            hint = _find_cause_of_delay(rows)
            if hint:
                self._display.say(hint)
                self._has_hinted = True

    def _fraction(self, rows: Mapping[int, Video]) -> float:
        running = sum(video.progress or 0 for pk, video in rows.items() if pk not in self.outcomes) / 100
        return (len(self.outcomes) + running) / len(self.public_ids)

    def _summary(self, rows: Mapping[int, Video]) -> str:
        if len(self.public_ids) == 1:
            for outcome in self.outcomes.values():
                return outcome.kind.capitalize()
            (video,) = rows.values()
            if video.waits_at_backend:
                return "Queued at the backend"
            percent = f" {video.progress} %" if video.progress is not None else ""
            return video.get_state_display() + percent
        ended = Counter(outcome.kind for outcome in self.outcomes.values())
        running = Counter(video.state for pk, video in rows.items() if pk not in self.outcomes)
        parts = [f"{len(self.outcomes)} of {len(self.public_ids)} done"]
        parts += [f"{ended[kind]} {kind}" for kind in _KINDS if ended[kind]]
        parts += [f"{running[state]} {state.label.lower()}" for state in State if running[state]]
        return ", ".join(parts)


def _read_rows(pks: list[int]) -> dict[int, Video]:
    rows: dict[int, Video] = {}
    fields = "public_id", "state", "progress", "queued_at_backend", "due_at", "error_message", "backend_id"
    for start in range(0, len(pks), _QUERY_SIZE):
        found = Video.objects.filter(pk__in=pks[start : start + _QUERY_SIZE], deleted_at=None).only(*fields)
        rows.update({video.pk: video for video in found})
    return rows


def _find_cause_of_delay(rows: Mapping[int, Video]) -> str:
    """Return a sentence about why no video starts; empty if they only wait for their turn."""
    waiting = next((video for video in rows.values() if video.state == State.QUEUED), None)
    if waiting is None or any(video.state != State.QUEUED for video in rows.values()):
        return ""
    if (state := StudioState.objects.load()).is_held:
        return f"Nothing is submitted now. {state.hold_message or state.why_held}"
    if reason := explain_hold(waiting):
        return reason
    backend = waiting.backend
    if backend.paused_until and backend.paused_until > timezone.now():
        end = backend.pause_end
        until = f" until {timezone.localtime(end).strftime('%H:%M:%S')}" if end else ""
        return f"{backend.name} is paused{until}: {backend.pause_reason}"
    if Video.objects.in_flight().filter(backend=backend).exclude(state=State.QUEUED).exists():
        return ""
    return "Nothing has changed for a while. Is a worker running? `make run` starts one."
