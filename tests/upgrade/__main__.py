"""`python -m tests.upgrade`: upgrade a running studio process by process, and count what went wrong.

    python -m tests.upgrade [--base REF] [--videos 24] [--database sqlite|postgres://…] [--storage disk|s3]
        [--keep FOLDER]

It checks the version before out into a folder of its own (`--base`; by default the newest tag `v*` before
this commit, else one from before there were any), and starts it: two web servers, a worker of each
queue, two beats, an embedded Valkey and a simulator. While videos are asked for and pages are polled all the
time, it carries out this version's `release`, and then replaces one process after another: a web server,
the workers, the beats, the other web server. So this version's pages stand beside workers of the version
before, and that version's pages beside workers of this one. Each new process answers before the old one gets
SIGTERM, and a web server is taken out of the rotation before, as load balancers do.

One line is printed at the end, and a line for each violation: a response of 500 or more, a request without a
response, a video that is not completed or has no file, a job too many at the simulator, a ledger that
contradicts the videos, a process that did not end in time, a line in a log that says ERROR or CRITICAL. The
exit code is 0 only if there is none. `--database` with a server creates a database there and drops it
afterwards.
`--storage s3` keeps the files in a store, and gives each process a DATA_DIR of its own: hosts that share no
disk.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.upgrade.checkout import NoHistoryError, base_of, checked_out
from tests.upgrade.drill import Drill, DrillError
from tests.upgrade.environment import environment_in


def main(arguments: list[str] | None = None) -> int:
    """Carry out the drill and return the exit code: 2 where there is no version before."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="contentgen-upgrade-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            base = base_of(options.base, options.storage)
        except NoHistoryError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        with (
            checked_out(base, folder) as old,
            environment_in(folder, options.database, options.storage) as environment,
        ):
            try:
                violations, summary = Drill(folder, old, environment, videos=options.videos).run()
            except DrillError as error:
                violations, summary = [str(error)], "the drill was not carried out"
    sys.stderr.writelines(f"{line}\n" for line in violations)
    sys.stdout.write(f"from {base[:12]}: {summary}, violations {len(violations)}\n")
    return 1 if violations else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="upgrade", description="A rolling upgrade from the version before.")
    parser.add_argument("--base", default="", help="a commit, branch or tag to upgrade from")
    parser.add_argument("--videos", type=int, default=24)
    parser.add_argument("--database", default="sqlite", help="sqlite, or the URL of a PostgreSQL server")
    parser.add_argument("--storage", choices=["disk", "s3"], default="disk", help="s3: hosts share no disk")
    parser.add_argument("--keep", type=Path, help="keep logs and files in this folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
