"""`python -m simulator`: runs the server until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import socket

from simulator.fault_rules import parse_rules_text
from simulator.protocol import ApiError
from simulator.quirks import parse_quirks_text
from simulator.server import Server, server_config
from simulator.settings import Settings


class CommandServer(Server):
    """A server that says where it listens and exits with 0 when it is told to stop.

    `key` is the key that it made up, which it prints; None where there is nothing to say.
    """

    key: str | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start listening, then print the address."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"simulator listening on http://{self.config.host}:{self.config.port}\n")
            if self.key is not None:
                sys.stdout.write(f"its API key, until it stops: {self.key}\n")
            sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM with exit code 0; uvicorn itself would raise the signal again."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop. Exits with a message if SIMULATOR_FAULTS or SIMULATOR_QUIRKS is invalid."""
    options = _build_parser().parse_args(arguments)
    try:
        rules = parse_rules_text(os.environ.get("SIMULATOR_FAULTS") or '{"rules": []}')
    except ApiError as error:
        raise SystemExit(f"SIMULATOR_FAULTS: {error}") from error
    try:
        quirks = parse_quirks_text(os.environ.get("SIMULATOR_QUIRKS") or "{}")
    except ApiError as error:
        raise SystemExit(f"SIMULATOR_QUIRKS: {error}") from error
    key, is_new = _choose_key(options)
    settings = Settings(
        data=options.data,
        duration=options.duration,
        fps=options.fps,
        lazy=options.render == "on-demand",
        api_key=key,
        hosts=(options.host, *options.allow_host),
        processes=options.processes,
        poll_after=options.poll_after,
        quirks=quirks,
    )
    server = CommandServer(server_config(settings, rules, options.host, options.port))
    server.key = key if is_new else None
    server.run()


def _choose_key(options: argparse.Namespace) -> tuple[str | None, bool]:
    """Return the only key to accept, None for any, and whether it was made up now."""
    if options.no_key:
        return None, False
    given = options.api_key or os.environ.get("SIMULATOR_API_KEY")
    return given or f"sim-{secrets.token_urlsafe(24)}", not given


def _build_parser() -> argparse.ArgumentParser:
    default_processes = max(1, min(2, (os.cpu_count() or 2) - 1))
    parser = argparse.ArgumentParser(
        prog="simulator", description="A Videos API server that renders patterns."
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8001, help="port to listen on (default: %(default)s)")
    add(
        "--data",
        type=Path,
        default=Path("data/simulator"),
        help="directory for jobs and videos (default: %(default)s)",
    )
    add("--duration", type=seconds, default=10.0, help="seconds a job takes (default: %(default)s)")
    add(
        "--api-key",
        help="the only key to accept (default: SIMULATOR_API_KEY in the environment, else one is made)",
    )
    add("--no-key", action="store_true", help="accept any key, and none, for tests on a machine of one's own")
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name under which it is called, beside localhost and numeric addresses; may be repeated",
    )
    add("--fps", type=count, default=24, help="frames per second (default: %(default)s)")
    add(
        "--render",
        choices=["eager", "on-demand"],
        default="eager",
        help="render when a job is created, or when its content is first requested (default: %(default)s)",
    )
    add(
        "--processes",
        type=count,
        default=default_processes,
        help="number of render processes (default here: %(default)s)",
    )
    add("--poll-after", type=seconds, help="seconds that clients are asked to wait between polls")
    return parser


# argparse shows the names of these two functions in its error messages.
def seconds(text: str) -> float:
    """Return a number of seconds below one day."""
    value = float(text)
    if not 0 <= value < 86_400:
        raise argparse.ArgumentTypeError("expected 0 to 86400 seconds")
    return value


def count(text: str) -> int:
    """Return a whole number from 1 to 120."""
    value = int(text)
    if not 0 < value <= 120:
        raise argparse.ArgumentTypeError("expected 1 to 120")
    return value


if __name__ == "__main__":
    main()
