"""Ten thousand rows of a file: checked and priced, kept, and made into queued videos, on SQLite.

Besides: how long another person's single video waits for the database while they are created, which is what
nobody may feel of it, and the peak memory of the process that does all of it.
"""

import os
import resource
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tests.benchmarks import report
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import sandbox, set_up_django

if TYPE_CHECKING:
    from accounts.models import User

T = TypeVar("T")

CHECK_TARGET, CREATE_TARGET = 10.0, 30.0  # seconds
WAIT_TARGET = 2.0  # seconds that somebody else's video takes to be queued, at worst
MEMORY_TARGET = 150.0  # MiB more than before


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    rows = 1000 if quick else 10_000
    with sandbox("batch") as box:
        box.configure(REDIS_URL="")
        set_up_django()
        from accounts.models import User
        from videos.models import Backend, Video
        from videos.services.batch_input import BatchInput, check_input, save_input
        from videos.services.batch_work import step
        from videos.services.batches import start_batch

        Backend.objects.for_environment()
        owner, other = (User.objects.create(username=name) for name in ("many", "one"))
        before = _peak()
        sent = BatchInput(content=_table(rows), file_name="batch.csv")
        (checked, images), checking = _timed(lambda: check_input(owner, sent))
        batch, saving = _timed(lambda: save_input(owner, sent, checked, images))
        start_batch(batch)

        def create() -> None:
            while step(batch.pk):
                pass

        waits, computed = _Waits(other), time.process_time()
        with waits:
            _, creating = _timed(create)
        computed = time.process_time() - computed
        created = Video.objects.filter(batch=batch).count()
        if created != rows:
            raise RuntimeError(f"{created} of {rows} videos were created")
        growth = _peak() - before
        return [
            _seconds(f"batch of {rows:,} rows: checked and priced", checking, CHECK_TARGET),
            Result(f"batch of {rows:,} rows: kept, ready to start", f"{saving:.1f} s"),
            _seconds(
                f"batch of {rows:,} rows: created, on SQLite",
                creating,
                CREATE_TARGET,
                f"{computed:.1f} s of computing; load {os.getloadavg()[0]:.0f}",
            ),
            _seconds("  another person's video queued meanwhile, at worst", waits.worst, WAIT_TARGET),
            Result(
                f"batch of {rows:,} rows: memory growth",
                f"{growth:.0f} MiB",
                f"{before:.0f} MiB before",
                target=f"{MEMORY_TARGET:.0f} MiB",
                met=growth <= MEMORY_TARGET,
            ),
        ]


def _table(rows: int) -> bytes:
    lines = (
        f"A paper boat number {n} on a rainy street at dusk,sora-2,4,1280x720,boats" for n in range(rows)
    )
    return "\n".join(["prompt,model,seconds,size,tags", *lines]).encode()


class _Waits:
    """Another person who asks for one video after the other, in a thread of its own."""

    def __init__(self, owner: "User") -> None:
        self.worst = 0.0
        self._owner = owner
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        from django.db import connection

        from videos.services.generation_requests import GenerationRequest
        from videos.services.videos import create_video

        while not self._over.wait(0.3):
            request = GenerationRequest("A single kite", "sora-2", 4, "1280x720")
            _, took = _timed(lambda asked=request: create_video(self._owner, asked))
            self.worst = max(self.worst, took)
        connection.close()


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    result = call()
    return result, time.perf_counter() - began


def _seconds(measure: str, took: float, target: float, beside: str = "") -> Result:
    return Result(measure, f"{took:.2f} s", beside, target=f"{target:.0f} s", met=took <= target)


def _peak() -> float:
    """Return the peak memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    report.main("batch", measure)
