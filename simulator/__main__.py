"""`python -m simulator`: serve until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import socket

import uvicorn

from simulator import app, faults
from simulator.desk import Settings
from simulator.protocol import Refusal
from simulator.wire import Protocol

_GRACE_SECONDS = 1


class Server(uvicorn.Server):
    """uvicorn, saying one line when it listens, and ending with success when it is told to end."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"simulator listening on http://{self.config.host}:{self.config.port}\n")
            sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM. uvicorn would raise the signal again afterwards, an unclean exit."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def config(settings: Settings, rules: list[faults.Rule], host: str, port: int) -> uvicorn.Config:
    """How the application is served, in the command and in tests alike."""
    return uvicorn.Config(
        app.build(settings, rules),
        host=host,
        port=port,
        http=Protocol,
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def main(arguments: list[str] | None = None) -> None:
    """Parse, serve, return when told to stop. Ends with a message when the fault rules are wrong."""
    options = _parser().parse_args(arguments)
    try:
        rules = faults.parse_text(os.environ.get("SIMULATOR_FAULTS") or '{"rules": []}')
    except Refusal as error:
        raise SystemExit(f"SIMULATOR_FAULTS: {error}") from error
    settings = Settings(
        data=options.data,
        duration=options.duration,
        fps=options.fps,
        lazy=options.render == "on-demand",
        api_key=options.api_key,
        processes=options.processes,
        poll_after=options.poll_after,
    )
    Server(config(settings, rules, options.host, options.port)).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="simulator", description="A Videos API server that renders patterns."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument(
        "--data", type=Path, default=Path("data/simulator"), help="where jobs and films are kept"
    )
    parser.add_argument("--duration", type=_seconds, default=10.0, help="seconds a job takes")
    parser.add_argument("--api-key", help="the one key to accept; any when absent")
    parser.add_argument("--fps", type=_positive, default=24)
    parser.add_argument("--render", choices=["eager", "on-demand"], default="eager")
    parser.add_argument("--processes", type=_positive, default=max(1, min(2, (os.cpu_count() or 2) - 1)))
    parser.add_argument("--poll-after", type=_seconds, help="seconds clients are asked to wait to look again")
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 86_400:
        raise argparse.ArgumentTypeError("expected 0 to 86400 seconds")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if not 0 < value <= 120:
        raise argparse.ArgumentTypeError("expected 1 to 120")
    return value


if __name__ == "__main__":
    main()
