"""`python -m tests.chaos`: disrupt a studio of real processes, then check it against the simulator's ledger.

    python -m tests.chaos --videos 300 --kills 30 [--seed N] [--database sqlite|postgres://…] [--redis URL]
                          [--storage disk|s3] [--seconds-between-kills 2] [--time-limit 600] [--keep FOLDER]

It starts its own studio (two workers for each queue and two beats, with the commands of the Procfile; an
embedded Valkey; two simulators), in which several users request `--videos` videos, many of them remixes,
edits and extensions of finished ones. Half of the requests are in the same few words, for the same model,
size and length, each with a reference image of its own or none. One simulator queues by itself, and its lists
lie, every 15 s otherwise: they rename the model, cut or rewrite the prompt, round size or seconds, or leave
the prompt out. Meanwhile, on a schedule that depends on `--seed`, processes are killed with signal 9 and
restarted a second later, workers and backends are suspended for longer than any lease or call lasts, backends
fall silent, refuse connections or answer 429 or 5xx for a while, the broker is flushed, needless and
duplicate messages are sent, and the simulators inject every fault that their README lists; of some sources
they say that they do not know them. Then all of this ends but the lies, the studio gets `--time-limit`
seconds from the last disruption to settle, and one line is printed:

    videos N, kills K, faults F, asked A, refused R, lost 0, billed twice 0, wrong owner 0, stuck 0,
    wrong state 0, asked needlessly 0, wrong money 0

The exit code is 0 only when the last seven are. Where a job may be that of two people, or a list lies, the
owner is asked (*asked* counts such videos), and answers from the ledger: takes the right candidate, as staff
where it may be another person's, submits again or gives up what the backend never accepted. All spend from
one budget, which begins with a tenth of what the run needs; *refused* counts what it refused, and each
refusal raises it by as much.

What each number means is counted from the simulators' ledgers (written in the transaction that accepts a job,
never removed) and from the files. Whose a job is follows from the `Idempotency-Key` in the ledger, of which a
trigger records for which video it was drawn, and from the digest of its reference image:

- *billed twice*: the ledger holds more jobs for a request than it has takes. Nobody presses Retry.
- *wrong owner*: a video has the job that was made for another request: of another person, or with another
  image.
- *lost*: a job was accepted and completed, but its video is not stored: the row is missing or failed, no row
  knows the job, or the stored file is not byte for byte the simulator's, cannot be decoded, or is not what
  the row says.
- *stuck*: when the time is up, a video has not ended, a question is open, a deleted row still exists, or a
  job that was to be deleted at the backend has not been.
- *wrong state*: completed without a file; failed without an injected reason; canceled but stored, or not by
  its owner; an ended row that is still leased; files in storage or in `DATA_DIR/tmp` that no row owns.
- *asked needlessly*: a question about a video in words of its own, at the backend whose lists tell the truth.
- *wrong money*: the studio's ledger contradicts its rows, something is still reserved, what it has charged is
  not what the simulators' ledgers have, to the cent, or the budget was passed. Before that is compared, staff
  takes back the unconfirmed charges that no simulator knows of.

A canceled or deleted video has at most one job as well. `faults` counts the injected faults, except those in
the second before the simulator itself was killed. `--database` with a server creates a database there and
drops it afterwards. `--storage s3` keeps the files in a store that the run starts, and gives each copy of the
studio's processes a DATA_DIR of its own, as on hosts that share no disk. `--redis` names a database that is
flushed repeatedly. `--keep` keeps logs and files.
What remains possible in theory is described in the README next to this file.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.environment import ChaosEnvironment


def main(arguments: list[str] | None = None) -> int:
    """Run, print the line to stdout and the violations to stderr, and return the exit code."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="contentgen-chaos-") as folder:
        place = options.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        with ChaosEnvironment(place, options.database, options.redis, options.storage) as environment:
            from tests.chaos.run import run  # it reads Django's settings, so not before they are set

            result = run(
                environment,
                random.Random(options.seed),
                videos=options.videos,
                kills=options.kills,
                kill_interval=options.seconds_between_kills,
                time_limit=options.time_limit,
            )
    sys.stderr.writelines(f"{line}\n" for line in result.report.violations)
    sys.stdout.write(f"{result}\n")
    return 0 if result.report.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chaos", description="Disrupt a studio of real processes and check the result."
    )
    parser.add_argument("--videos", type=int, default=300)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="sqlite", help="sqlite, or the URL of a PostgreSQL server")
    parser.add_argument("--storage", choices=["disk", "s3"], default="disk", help="s3: hosts share no disk")
    parser.add_argument("--redis", default="", help="URL of a Redis database to flush; embedded when absent")
    parser.add_argument("--seconds-between-kills", type=float, default=2.0)
    parser.add_argument("--time-limit", type=float, default=600.0)
    parser.add_argument("--keep", type=Path, help="keep logs and files in this folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
