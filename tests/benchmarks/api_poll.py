"""What one authenticated poll on `/v1` takes, beside `/health` of the same processes and beside LiteLLM.

One request at a time over a connection that stays open, each address in turn, so that other load on the
machine affects all of them alike; medians of the rounds' medians. LiteLLM polls a job of the simulator, as a
gateway does. It is left out where `make interop` has not installed it.
"""

import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from tests.benchmarks import report, web
from tests.benchmarks.report import Result
from tests.benchmarks.sandbox import PROJECT, Sandbox, is_answering, sandbox, set_up_django, wait_until
from tests.studio import free_port

HEALTH_TARGET = 3.0  # times what `/health` takes, at most
LITELLM_TARGET = 3.0  # times as fast as LiteLLM, at least
_KEY = "sk-bench"
_CONFIG = """
model_list:
  - model_name: sora-2
    litellm_params: {{model: openai/sora-2, api_base: "{upstream}", api_key: none-needed}}
"""

Poll = tuple[web.Address, str, Mapping[str, str]]  # where to connect, the path, and the headers


def measure(quick: bool) -> list[Result]:
    """Return the results for the table."""
    rounds, requests = (3, 100) if quick else (9, 400)
    with sandbox("api-poll") as box:
        polls = _start(box)
        samples: dict[str, list[float]] = {name: [] for name in polls}
        for number in range(rounds + 1):
            for name, poll in polls.items():
                samples[name].append(_median_seconds(poll, requests if name != "litellm" else requests // 4))
            if number == 0:  # warm-up
                samples = {name: [] for name in polls}
                continue
            report.print_progress(
                f"   round {number}: "
                + ", ".join(f"{name} {taken[-1] * 1000:.2f} ms" for name, taken in samples.items())
            )
    return _results({name: median(taken) for name, taken in samples.items()})


def _results(seconds: Mapping[str, float]) -> list[Result]:
    poll, health = seconds["poll"], seconds["health"]
    ours = f"{poll * 1000:.2f} ms"
    times = poll / health
    results = [
        Result(
            "GET /v1/videos/{id} with a token",
            ours,
            f"{health * 1000:.2f} ms, /health of the same processes",
            f"{times:.2f}:1",
            f"<= {HEALTH_TARGET:g}:1",
            times <= HEALTH_TARGET,
        )
    ]
    if "litellm" in seconds:
        faster = seconds["litellm"] / poll
        results.append(
            Result(
                "GET /v1/videos/{id} with a token",
                ours,
                f"{seconds['litellm'] * 1000:.2f} ms, LiteLLM before the simulator",
                f"1:{faster:.2f}",
                f"1:{LITELLM_TARGET:g}",
                faster >= LITELLM_TARGET,
            )
        )
    return results


def _median_seconds(poll: Poll, requests: int) -> float:
    address, path, headers = poll
    with socket.create_connection(address, timeout=30) as connection:
        return median(web.time_request(connection, path, headers) for _ in range(requests))


def _start(box: Sandbox) -> dict[str, Poll]:
    """Start broker and web server with a video in progress, and LiteLLM where it is installed."""
    box.configure(REDIS_URL=web.start_broker(box), API_REQUESTS_PER_MINUTE="100000000")
    set_up_django()
    token, public_id = _create_video()
    address = web.start_web_server(box, "contentgen.wsgi")
    polls: dict[str, Poll] = {
        "health": (address, "/health", {}),
        "poll": (address, f"/v1/videos/{public_id}", {"Authorization": f"Bearer {token}"}),
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
    return ("127.0.0.1", port), f"/v1/videos/{job_id}", headers


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
