"""Follow a batch from a terminal: create its videos here, show how far it is, download what is done."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import CommandError, OutputWrapper
from django.db.models import Q
from rich.console import Console
from rich.table import Table

from billing.money import format_money
from videos.containers import container_of
from videos.management import progress as terminal
from videos.media.file_response import readable_name
from videos.models import Batch, BatchRow, BatchState, RowState, State
from videos.services import batch_work
from videos.services.batch_progress import Progress, kind_of, read_progress

_OTHERS_TURN = 0.2  # seconds until it is tried again, where a worker creates videos of the batch too
_ENDED = (State.COMPLETED, State.FAILED, State.CANCELED)
_DOWNLOADED_AT_ONCE = 100  # looked at between two polls


def create_rows(batch: Batch, come_back: str) -> None:
    """Create the videos of a batch that was started, beside any worker that does, until no row is left or it
    stops. Raises `CommandError` at Ctrl-C: the workers go on, and so does the command `come_back`.
    """
    with _interruptible(batch, come_back):
        while batch.state == BatchState.CREATING and not batch.is_paused:
            if not batch_work.step(batch.pk):
                batch.refresh_from_db()
                if batch.state == BatchState.CREATING:
                    terminal.wait(_OTHERS_TURN)
            batch.refresh_from_db()


def follow_batch(
    batch: Batch, stream: OutputWrapper, come_back: str, downloads: "BatchDownloads | None" = None
) -> None:
    """Wait until every row has ended, or waits for nothing but its owner's decision. Shows progress on
    `stream`, as `follow_videos` does. Ctrl-C raises `CommandError`, and the batch goes on.
    """
    with _interruptible(batch, come_back), terminal.open_display(stream) as display:
        while True:
            if downloads:
                downloads.fetch(batch)
            batch.refresh_from_db()
            progress = read_progress(batch)
            display.show(progress.ended / progress.total, _summary(batch, progress))
            if progress.is_over and not (downloads and downloads.fetch(batch)):
                break
            terminal.wait(terminal.POLL_INTERVAL)
    batch_work.finish(batch.pk)


@contextmanager
def _interruptible(batch: Batch, come_back: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        sentence = (
            f"Stopped waiting; the batch goes on without this command. “{come_back}” comes back to it, and "
            f"so does the page {batch.get_absolute_url()}."
        )
        raise CommandError(sentence, returncode=terminal.INTERRUPTED) from None


def _summary(batch: Batch, progress: Progress) -> str:
    """Return how far it is in words, such as: 3 of 9 done, 2 completed, 1 failed, 6 queued, $1.20 spent."""
    states = [state for state in (*_ENDED, *State) if progress.by_state.get(state)]
    words = {State.COMPLETED: "completed", State.FAILED: "failed", State.CANCELED: "canceled"}
    parts = [f"{progress.ended + progress.undecided} of {progress.total} done"]
    for state in dict.fromkeys(states):
        count = progress.by_state[state] - (progress.undecided if state == State.UNCERTAIN else 0)
        parts += [f"{count} {words.get(state, state.label.lower())}"] if count else []
    parts += [f"{progress.undecided} awaiting decision"] if progress.undecided else []
    parts += [f"{format_money(progress.spent)} spent"] if progress.spent else []
    parts += ["paused"] if batch.is_paused else []
    minutes = progress.minutes_left
    parts += [f"about {minutes:,} min left"] if minutes and not progress.is_over else []
    return ", ".join(parts)


# --- How it ended ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ending:
    """A row without a completed video: `label` is its place and key, `reason` a sentence or empty."""

    label: str
    public_id: str
    kind: str
    reason: str


def find_endings(batch: Batch, *, only_refused: bool = False) -> list[Ending]:
    """Return what did not complete, in the order of the file; with `only_refused` what was never queued."""
    rows = batch.rows.select_related("video").order_by("number")
    found = rows.filter(state=RowState.REFUSED) if only_refused else rows.exclude(_COMPLETED)
    return [_ending(row) for row in found.iterator(chunk_size=500)]


_COMPLETED = Q(video__state=State.COMPLETED, video__deleted_at=None)


def _ending(row: BatchRow) -> Ending:
    label = row.label
    video = row.video if row.video_id else None
    if video is None:
        return Ending(label, "", row.get_state_display().lower(), row.error)
    if video.needs_decision:
        return Ending(label, video.public_id, "awaiting decision", terminal.DECISION_NEEDED)
    kind = kind_of(row.state, video.state, is_gone=video.deleted_at is not None)
    words = "deleted" if kind == "gone" else video.get_state_display().lower()
    return Ending(label, video.public_id, words, video.error_message)


def print_table(stream: OutputWrapper, batch: Batch) -> None:
    """Print how a batch ended, on a terminal alone: a log has the lines."""
    if not stream.isatty():
        return
    progress = read_progress(batch)
    table = Table(title=batch.name)
    for name in ("Rows", "Completed", "Failed", "Canceled", "Spent"):
        table.add_column(name, justify="right")
    counts = progress.counts
    numbers = (progress.total, counts["done"], counts["failed"], counts["canceled"] + counts["gone"])
    table.add_row(*(f"{number:,}" for number in numbers), format_money(progress.spent))
    Console(file=terminal.raw_stream(stream), force_terminal=True, markup=False).print(table)


# --- Downloading -------------------------------------------------------------------------------------------


class BatchDownloads:
    """A folder in which each completed video is put once, named by its row and its prompt.

    A file appears under its name only when it is whole; what was cut off is begun again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done: set[int] = set()

    @classmethod
    def into(cls, folder: Path) -> "BatchDownloads":
        """Return the downloads into `folder`, which is made. Raises `CommandError` if it cannot be."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"--output: “{folder}” cannot be made: {error.strerror}.") from error
        return cls(folder)

    def fetch(self, batch: Batch) -> bool:
        """Download the next of what has completed since. Returns whether there may be more."""
        completed = batch.rows.filter(_COMPLETED).exclude(video__file="").order_by("number")
        numbers = [each for each in completed.values_list("number", flat=True) if each not in self._done]
        for row in completed.filter(number__in=numbers[:_DOWNLOADED_AT_ONCE]).select_related("video"):
            try:
                self._download(row)
            except OSError as error:
                raise CommandError(f"--output: {row.place} could not be downloaded: {error}.") from error
            self._done.add(row.number)
        return len(numbers) > _DOWNLOADED_AT_ONCE

    def _download(self, row: BatchRow) -> None:
        video = row.video
        if video is None:
            return
        readable = readable_name(video.prompt)[:60] or video.public_id
        target = self._folder / f"{row.number:05d}-{readable}{container_of(video.file.name).suffix}"
        if target.exists() and target.stat().st_size == video.byte_count:
            return
        partial = target.with_name(f"{target.name}.part")
        with video.file.storage.open(str(video.file.name)) as source, partial.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        partial.replace(target)
