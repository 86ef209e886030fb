"""Following videos from a terminal. What is shown stands in their rows; the backend is never asked."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from videos.models import State, Video

LOOK_EVERY = 1.0  # seconds
HINT_AFTER = 20.0  # seconds in which nothing moved, before we say what may be the matter
INTERRUPTED = 130  # exit code of a command that was stopped with Ctrl-C, as shells have it
_CHUNK = 500  # rows asked for in one query
_BAR_WIDTH = 24  # characters

_ENDS = frozenset({State.COMPLETED, State.FAILED, State.CANCELED})
_KINDS = ("completed", "failed", "canceled", "undecided", "deleted")
_UNDECIDED = (
    "Nobody could tell whether the backend accepted it. Decide in the studio: submit again or give up."
)


@dataclass(frozen=True)
class Outcome:
    """How it ended. `kind` is one of _KINDS; `reason` is for people."""

    public_id: str
    kind: str
    reason: str = ""


def follow(videos: Sequence[Video], stream: OutputWrapper) -> list[Outcome]:
    """Wait until every video has ended or has nothing left to wait for but its owner's decision.

    Shows progress on `stream`: a bar that is redrawn on a terminal, else one line for each change. Returns
    the outcomes in the order of `videos`. Ctrl-C raises `CommandError` and leaves the videos as they are.
    """
    watch = _Watch(videos, _Display(stream))
    try:
        while not watch.look():
            sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        left = "it goes on" if len(videos) == 1 else "the videos go on"
        raise CommandError(f"Stopped waiting; {left} without this command.", returncode=INTERRUPTED) from None
    finally:
        watch.display.close()
    return [watch.outcomes[video.pk] for video in videos]


class _Watch:
    """What is known of the followed videos, look after look."""

    def __init__(self, videos: Sequence[Video], display: "_Display") -> None:
        self.public_ids = {video.pk: video.public_id for video in videos}
        self.display = display
        self.outcomes: dict[int, Outcome] = {}
        self.moved_at = monotonic()
        self.moved_last: object = None
        self.hinted = False

    def look(self) -> bool:
        """Read the rows that have not ended, and show them. Returns whether the waiting is over."""
        rows = self._rows([pk for pk in self.public_ids if not self._has_ended(pk)])
        for pk, public_id in self.public_ids.items():
            if not self._has_ended(pk):
                self._note(pk, public_id, rows.get(pk))
        self.display.show(_fraction(self, rows), _words(self, rows))
        over = len(self.outcomes) == len(self.public_ids)
        if not over:
            self._hint_if_stuck(rows)
        return over

    def _has_ended(self, pk: int) -> bool:
        # An undecided one may be decided while others still run, so it is looked at again.
        return pk in self.outcomes and self.outcomes[pk].kind != "undecided"

    def _rows(self, pks: list[int]) -> dict[int, Video]:
        rows: dict[int, Video] = {}
        fields = "public_id", "state", "progress", "due_at", "error_message", "backend_id"
        for start in range(0, len(pks), _CHUNK):
            found = Video.objects.filter(pk__in=pks[start : start + _CHUNK], deleted_at=None).only(*fields)
            rows.update({video.pk: video for video in found})
        return rows

    def _note(self, pk: int, public_id: str, video: Video | None) -> None:
        self.outcomes.pop(pk, None)
        if video is None:
            self.outcomes[pk] = Outcome(public_id, "deleted", "It was deleted meanwhile.")
        elif video.needs_decision:
            self.outcomes[pk] = Outcome(public_id, "undecided", _UNDECIDED)
        elif video.state in _ENDS:
            self.outcomes[pk] = Outcome(public_id, video.state, video.error_message)

    def _hint_if_stuck(self, rows: dict[int, Video]) -> None:
        moved = sorted((pk, video.state, video.progress or 0) for pk, video in rows.items())
        if moved != self.moved_last:
            self.moved_last, self.moved_at = moved, monotonic()
        elif not self.hinted and monotonic() - self.moved_at >= HINT_AFTER:
            hint = _why_nothing_starts(rows)
            if hint:
                self.display.say(hint)
                self.hinted = True


def _why_nothing_starts(rows: dict[int, Video]) -> str:
    """Return a sentence, or nothing when they only wait for their turn."""
    waiting = next((video for video in rows.values() if video.state == State.QUEUED), None)
    if waiting is None or any(video.state != State.QUEUED for video in rows.values()):
        return ""
    backend = waiting.backend
    if backend.paused_until and backend.paused_until > timezone.now():
        until = timezone.localtime(backend.paused_until).strftime("%H:%M:%S")
        return f"{backend.name} is paused until {until}: {backend.pause_reason}"
    if Video.objects.in_flight().filter(backend=backend).exclude(state=State.QUEUED).exists():
        return ""
    return "Nothing has moved for a while. Is a worker running? `make run` starts one."


def _fraction(watch: _Watch, rows: dict[int, Video]) -> float:
    running = sum(video.progress or 0 for pk, video in rows.items() if pk not in watch.outcomes) / 100
    return (len(watch.outcomes) + running) / len(watch.public_ids)


def _words(watch: _Watch, rows: dict[int, Video]) -> str:
    if len(watch.public_ids) == 1:
        for outcome in watch.outcomes.values():
            return outcome.kind.capitalize()
        (video,) = rows.values()
        return video.get_state_display() + (f" {video.progress} %" if video.progress is not None else "")
    ended = Counter(outcome.kind for outcome in watch.outcomes.values())
    running = Counter(video.state for pk, video in rows.items() if pk not in watch.outcomes)
    parts = [f"{len(watch.outcomes)} of {len(watch.public_ids)} done"]
    parts += [f"{ended[kind]} {kind}" for kind in _KINDS if ended[kind]]
    parts += [f"{running[state]} {state.label.lower()}" for state in State if running[state]]
    return ", ".join(parts)


class _Display:
    """One line that is redrawn on a terminal; elsewhere, such as in a log, a new line for each change."""

    def __init__(self, stream: OutputWrapper) -> None:
        self.stream = stream
        self.redraws = stream.isatty()
        self.started = monotonic()
        self.last = ""

    def show(self, fraction: float, words: str) -> None:
        """Show `words`, and on a terminal a bar filled to `fraction` (0 to 1) and the time waited."""
        if not self.redraws:
            if words != self.last:
                self._write(words, ending="\n")
        else:
            filled = int(fraction * _BAR_WIDTH)
            minutes, seconds = divmod(int(monotonic() - self.started), 60)
            bar = "#" * filled + "-" * (_BAR_WIDTH - filled)
            line = f"[{bar}] {minutes}:{seconds:02d} {words}"
            # A line that wraps could not be drawn over.
            self._write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", ending="")
        self.last = words

    def say(self, sentence: str) -> None:
        """Write a line of its own that stays."""
        self._write(f"\r\x1b[K{sentence}" if self.redraws else sentence, ending="\n")

    def close(self) -> None:
        """Leave the cursor on a new line."""
        if self.redraws and self.last:
            self._write("", ending="\n")

    def _write(self, text: str, *, ending: str) -> None:
        self.stream.write(text, style_func=str, ending=ending)
        self.stream.flush()
