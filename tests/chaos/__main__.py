"""`python -m tests.chaos`: real processes, killed, frozen and lied to, and then the ledger is read.

    python -m tests.chaos --videos 300 --kills 30 [--seed N] [--database sqlite|postgres://…] [--redis URL]
                          [--seconds-between-kills 2] [--time-limit 600] [--keep FOLDER]

It starts a studio of its own (two workers for each queue and two beats, by the lines of the Procfile; an
embedded Valkey; the simulator), in which several owners ask for `videos` videos, many of them remixes, edits
and extensions of what is finished. Meanwhile, by a plan that `--seed` decides, processes are killed with
signal 9 and started again a second later, workers and the backend are frozen for longer than any lease or
call lasts, the broker is emptied, messages are sent twice and about anything, and the simulator does
everything that its README lists; of some sources it says that it does not know them. Then all of this ends,
the studio gets until `--time-limit` (seconds after the last disruption) to settle, and one line is printed:

    videos N, kills K, faults F, lost 0, billed twice 0, stuck 0, wrong state 0

The exit code is 0 only when the last four are. What each means, counted from the simulator's ledger (written
in the transaction that accepts a job, never removed) and from the files:

- *billed twice*: the ledger holds more than one job for a video. Each has a prompt of its own, and nobody
  presses Retry.
- *lost*: a job was accepted and completed, and the row does not have its film: it is missing, it failed, or
  the stored file is not byte for byte the simulator's film, cannot be decoded, or is not what the row says.
- *stuck*: not ended, a deleted row not gone, or a job not forgotten, when the time is up.
- *wrong state*: completed without a file; failed without the reason that the simulator was told to give;
  canceled but stored, or by nobody; a video that asks its owner although this backend can list; an ended row
  that is still leased or does not know its job; files in storage or in `DATA_DIR/tmp` that no row owns.

A canceled or deleted video has at most one job as well. `faults` counts what the simulator did wrong; what it
did in the second before it was killed itself is not counted. `--database` with a server makes a database of
its own there and drops it. `--redis` names a database that is emptied over and over. `--keep` keeps logs and
files. What remains possible in theory is told in the README next to this file.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.world import World


def main(arguments: list[str] | None = None) -> int:
    """Run, print the line, and the offences to the error output. Returns the exit code."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="contentgen-chaos-") as folder:
        place = options.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        with World(place, options.database, options.redis) as world:
            from tests.chaos.run import run  # the settings are read from the world's environment

            outcome = run(
                world,
                random.Random(options.seed),
                videos=options.videos,
                kills=options.kills,
                pause=options.seconds_between_kills,
                time_limit=options.time_limit,
            )
    sys.stderr.writelines(f"{line}\n" for line in outcome.verdict.offences)
    sys.stdout.write(f"{outcome}\n")
    return 0 if outcome.verdict.good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chaos", description="Break a studio in every way there is.")
    parser.add_argument("--videos", type=int, default=300)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="sqlite", help="sqlite, or the URL of a PostgreSQL server")
    parser.add_argument("--redis", default="", help="URL of a Redis database to empty; embedded when absent")
    parser.add_argument("--seconds-between-kills", type=float, default=2.0)
    parser.add_argument("--time-limit", type=float, default=600.0)
    parser.add_argument("--keep", type=Path, help="keep everything in this folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
