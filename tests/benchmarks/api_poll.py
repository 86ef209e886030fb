"""What one authenticated poll on `/v1` takes, beside `/health` of the same process and beside LiteLLM.

Each is a server with one process: ours with the Procfile's options, LiteLLM's proxy as it starts by itself.
First one request at a time over a connection that stays open, then eight connections at once; each address in
turn, so that other load on the machine affects all of them alike. Medians of the rounds. CPU is that of the
server with all its processes. LiteLLM polls a job of the simulator, whose CPU does not count, as a gateway
does. It is left out where `make interop` has not installed it.
"""

import json
import os
import socket
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from tests.benchmarks import report, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import (
    PROJECT,
    Sandbox,
    cpu_seconds,
    is_answering,
    sandbox,
    set_up_django,
    wait_until,
)
from tests.studio import descendants_of, free_port

HEALTH_TARGET = 3.0  # times what `/health` takes, at most
LITELLM_TARGET = 3.0  # times as fast as LiteLLM, at least
_KEY = "sk-bench"
_CONFIG = """
model_list:
  - model_name: sora-2
    litellm_params: {{model: openai/sora-2, api_base: "{upstream}", api_key: none-needed}}
"""


@dataclass(frozen=True)
class Poll:
    """A poll of the server whose process is `pid`."""

    address: web.Address
    path: str
    headers: Mapping[str, str]
    pid: int


@dataclass(frozen=True)
class Cost:
    """Seconds until an answer, requests in a second, and seconds of CPU for one."""

    seconds: float
    rate: float
    cpu: float


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    rounds, requests, seconds = (2, 100, 1.0) if quick else (7, 300, 3.0)
    with sandbox("api-poll") as box:
        polls = _start(box)
        samples: dict[str, list[Cost]] = defaultdict(list)
        for number in range(rounds + 1):
            taken = {name: _measure_poll(poll, requests, seconds) for name, poll in polls.items()}
            for name, cost in taken.items():
                if number:  # the first round is a warm-up
                    samples[name].append(cost)
            report.print_progress(
                f"   round {number}: "
                + ", ".join(
                    f"{name} {1000 * cost.seconds:.2f} ms, {cost.rate:.0f}/s, {1000 * cost.cpu:.2f} ms of CPU"
                    for name, cost in taken.items()
                )
            )
    return _results({name: _middle(costs) for name, costs in samples.items()})


def _middle(costs: list[Cost]) -> Cost:
    return Cost(
        *(median(getattr(cost, field) for cost in costs) for field in ("seconds", "rate", "cpu")),
    )


def _measure_poll(poll: Poll, requests: int, seconds: float) -> Cost:
    with socket.create_connection(poll.address, timeout=30) as connection:
        alone = median(web.time_request(connection, poll.path, poll.headers) for _ in range(requests))
    before = _cpu_of(poll)
    rate = web.requests_per_second(poll.address, poll.path, poll.headers, seconds)
    return Cost(alone, rate, (_cpu_of(poll) - before) / (rate * seconds))


def _cpu_of(poll: Poll) -> float:
    return sum(map(cpu_seconds, [poll.pid, *descendants_of(poll.pid)]))


def _results(costs: Mapping[str, Cost]) -> list[Result]:
    poll, health = costs["poll"], costs["health"]
    name = "GET /v1/videos/{id} with a token"
    times = poll.seconds / health.seconds
    results = [
        Result(
            f"{name}: time",
            f"{poll.seconds * 1000:.2f} ms",
            f"{health.seconds * 1000:.2f} ms, /health of the same process",
            f"{times:.2f}:1",
            f"<= {HEALTH_TARGET:g}:1",
            times <= HEALTH_TARGET,
        )
    ]
    if "litellm" in costs:
        results += _beside_litellm(name, poll, costs["litellm"])
    return results


def _beside_litellm(name: str, poll: Cost, theirs: Cost) -> list[Result]:
    figures = {
        "time": (
            f"{poll.seconds * 1000:.2f} ms",
            f"{theirs.seconds * 1000:.2f} ms",
            theirs.seconds / poll.seconds,
        ),
        "requests a second": (f"{poll.rate:.0f}/s", f"{theirs.rate:.0f}/s", poll.rate / theirs.rate),
        "CPU of one": (f"{poll.cpu * 1000:.2f} ms", f"{theirs.cpu * 1000:.2f} ms", theirs.cpu / poll.cpu),
    }
    return [
        Result(
            f"{name}: {what}",
            ours,
            f"{baseline}, LiteLLM's proxy before the simulator",
            f"1:{faster:.2f}",
            f"1:{LITELLM_TARGET:g}",
            faster >= LITELLM_TARGET,
        )
        for what, (ours, baseline, faster) in figures.items()
    ]


def _start(box: Sandbox) -> dict[str, Poll]:
    """Start broker and web server with a video in progress, and LiteLLM where it is installed."""
    box.configure(REDIS_URL=web.start_broker(box), API_REQUESTS_PER_MINUTE="100000000")
    set_up_django()
    token, public_id = _create_video()
    address = web.start_web_server(box, "contentgen.wsgi", workers=1)
    pid = box.pid("web")
    polls = {
        "health": Poll(address, "/health", {}, pid),
        "poll": Poll(address, f"/v1/videos/{public_id}", {"Authorization": f"Bearer {token}"}, pid),
    }
    program = Path(os.environ.get("LITELLM", PROJECT / ".venv-interop/bin/litellm"))
    if program.exists():
        polls["litellm"] = _start_litellm(box, program)
    else:
        report.print_progress("   without LiteLLM, which `make interop` installs")
    return polls


def _create_video() -> tuple[str, str]:
    from accounts import tokens
    from accounts.models import User
    from tests.factories import VideoFactory
    from videos.models import Backend, State

    owner = User.objects.create(username="bench")
    fields = {"owner": owner, "backend": Backend.objects.for_environment()}
    VideoFactory.create_batch(50, **fields, state=State.COMPLETED)
    video = VideoFactory(**fields, state=State.IN_PROGRESS)
    return tokens.issue(owner, "bench")[1], video.public_id


def _start_litellm(box: Sandbox, program: Path) -> Poll:
    upstream = _start_simulator(box)
    config, port = box.folder / "litellm.yaml", free_port()
    config.write_text(_CONFIG.format(upstream=upstream))
    # With the last one it reads its price list from its package instead of from the network.
    settings = [f"LITELLM_MASTER_KEY={_KEY}", "LITELLM_LOCAL_MODEL_COST_MAP=True"]
    clean = ["env", *(f"--unset={name}" for name in ("DATABASE_URL", "REDIS_URL", "DEBUG")), *settings]
    options = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    box.start("litellm", [*clean, str(program), *options])
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: is_answering(f"{url}/health/liveliness"), "LiteLLM", within=180)
    headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json"}
    body = json.dumps({"model": "sora-2", "prompt": "A lake", "seconds": "4"}).encode()
    with urlopen(Request(f"{url}/v1/videos", body, headers)) as reply:  # noqa: S310  # our own process
        job_id = json.load(reply)["id"]
    return Poll(("127.0.0.1", port), f"/v1/videos/{job_id}", headers, box.pid("litellm"))


def _start_simulator(box: Sandbox) -> str:
    port = free_port()
    options = [
        "--no-key",
        "--port",
        str(port),
        "--data",
        str(box.folder / "simulator"),
        "--render",
        "on-demand",
    ]
    box.start("simulator", [sys.executable, "-m", "simulator", *options, "--duration", "80000"])
    wait_until(lambda: is_answering(f"http://127.0.0.1:{port}/health"), "the simulator")
    return f"http://127.0.0.1:{port}/v1"


if __name__ == "__main__":
    report.main("api_poll", measure)
