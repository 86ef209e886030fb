"""`python -m tests.chaos.point_in_time [--dump]`: put PostgreSQL back to a moment, and pay nothing twice.

The drill of docs/operations.md: a studio is at work on a server of its own that archives its WAL. It is
backed up, works on, and its disk is lost. The server is put back to a moment between the backup and the loss,
at which some videos were being made, and others waited that have been submitted since. With `--dump` the
backup is one of `pg_dump`, put back over the database that has gone on since. Needs PostgreSQL's programs,
takes some minutes, and leaves nothing behind.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.faults import ControlClient
from tests.chaos.postgres_cluster import Cluster, NoPostgresError, cluster
from tests.chaos.processes import Processes
from tests.chaos.restore_steps import all_prompts, prompts_at, queue_videos
from tests.studio import READY, Studio, free_port, wait_until

POINT = "before_the_mistake"
VIDEOS = 40  # so that some wait still when the disk is lost, however slow the machine is


def main() -> int:
    """Run the drill. Return the exit code: 0 if nothing was paid for twice or lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.point_in_time")
    parser.add_argument("--dump", action="store_true", help="back up with pg_dump instead of archived WAL")
    back_up = _dump if parser.parse_args().dump else _mark_point
    with tempfile.TemporaryDirectory(prefix="contentgen-drill-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's account passes through
        try:
            with cluster(folder) as server, _simulator(folder) as (control, url):
                _drill(folder, server, control, url, back_up)
        except NoPostgresError as error:
            print(error, file=sys.stderr)  # noqa: T201
            return 2
    _say("Nothing was paid for twice, and nothing is lost.")
    return 0


Restore = Callable[[], None]


def _drill(
    folder: Path,
    server: Cluster,
    control: ControlClient,
    simulator: str,
    back_up: Callable[[Cluster, ControlClient], Restore],
) -> None:
    with _studio(folder, server, simulator, "before") as studio:
        queue_videos(studio, folder, VIDEOS)
        wait_until(lambda: len(control.ledger()) >= 2)
        restore = back_up(server, control)
        at_point = len(control.ledger())
        wait_until(lambda: len(control.ledger()) >= at_point + 3)
        server.query("SELECT pg_switch_wal()")
    submitted = prompts_at(control)
    _say(f"The disk is lost: {at_point} were submitted at the moment to go back to, {submitted.total()} now.")
    assert submitted.total() < VIDEOS, "nothing was left for the restored studio to submit"
    restore()
    with _studio(folder, server, simulator, "after") as studio:
        wait_until(lambda: bool(server.query("SELECT 1 FROM videos_studiostate WHERE held_at IS NOT NULL")))
        wait_until(lambda: _has_searched(server))
        assert prompts_at(control) == submitted, "it submitted while it was held"
        _say("Held by itself, and looked up at the backend what was in flight. Released.")
        released = studio.manage("release", "--yes")
        assert released.returncode == 0, released.stderr
        wait_until(lambda: _states(server) == {"completed": VIDEOS})
    assert prompts_at(control) == Counter(all_prompts(VIDEOS)), "a job was paid for twice, or lost"


def _mark_point(server: Cluster, control: ControlClient) -> Restore:
    """Copy the server, let it work on, and name the moment. What is returned goes back to that moment."""
    backup = server.back_up()
    by_then = len(control.ledger())
    _say(f"Backed up with {by_then} of {VIDEOS} videos submitted.")
    wait_until(lambda: len(control.ledger()) >= by_then + 2)
    server.query(f"SELECT pg_create_restore_point('{POINT}')")

    def restore() -> None:
        server.stop()
        server.restore(backup, POINT)

    return restore


def _dump(server: Cluster, control: ControlClient) -> Restore:
    """Dump the database while it is in use. What is returned puts that over what it has become since."""
    dump = server.dump()
    _say(f"Dumped with {len(control.ledger())} of {VIDEOS} videos submitted.")
    return lambda: server.restore_dump(dump)


def _has_searched(server: Cluster) -> bool:
    """Whether the search has ended. Leases end and looks are due at once, or it would take minutes."""
    for field, state in (("lease_expires_at", "submitting"), ("due_at", "uncertain")):
        server.query(
            f"UPDATE videos_video SET {field} = '2020-01-01'"  # noqa: S608  # our own words
            f" WHERE state = '{state}' AND {field} > now()"
        )
    searching = """
        SELECT 1 FROM videos_backend WHERE search_due_at IS NOT NULL
        UNION SELECT 1 FROM videos_video WHERE state IN ('submitting', 'uncertain')"""
    return not server.query(searching)


def _states(server: Cluster) -> dict[str, int]:
    return dict(server.query("SELECT state, count(*) FROM videos_video GROUP BY 1"))  # type: ignore[arg-type]


@contextmanager
def _simulator(folder: Path) -> Iterator[tuple[ControlClient, str]]:
    """Yield the control of a backend that runs on meanwhile, and its address."""
    port, processes = free_port(), Processes(os.environ, folder)
    processes.add_simulator(port, folder / "simulator", duration=1, rules='{"rules": []}')
    control = ControlClient(port)
    try:
        wait_until(control.is_ready)
        yield control, f"http://127.0.0.1:{port}/v1"
    finally:
        control.close()
        processes.kill()


@contextmanager
def _studio(folder: Path, server: Cluster, simulator: str, name: str) -> Iterator[Studio]:
    """Yield a studio that runs, on the same storage each time, with an empty broker of its own."""
    data_dir = folder / name
    data_dir.mkdir(mode=0o700)
    settings = {
        "DATABASE_URL": server.url,
        "SIMULATOR_URL": simulator,
        "VIDEO_STORAGE_PATH": str(folder / "media"),
        "BACKEND_URL": "",
        "BACKEND_KEY": "",
        "SECRET_KEY": "a-secret-key-of-the-drill-that-both-studios-share",
    }
    studio = Studio(data_dir, free_port(), folder / f"studio-{name}.log", **settings)
    try:
        studio.wait_for(READY)
        yield studio
    finally:
        if studio.process.poll() is None:
            studio.stop(signal.SIGINT)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # a command


if __name__ == "__main__":
    sys.exit(main())
