"""A real LiteLLM proxy between a real studio and the simulator, set up as an operator would."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.interop.clients import ControlClient, RestClient
from tests.studio import PROJECT, READY, Studio, free_port, wait_until

SIMULATOR_KEY, PROXY_KEY = "sk-simulator", "sk-proxy"

# As docs/backends.md has it, but for the provider: that is the simulator.
CONFIG = """
model_list:
  - model_name: sora-2
    litellm_params:
      model: openai/sora-2
      api_base: {upstream}/v1
      api_key: {key}
"""


@dataclass(frozen=True)
class Services:
    """The studio, a client of its REST API for its only user, and a client of the simulator."""

    studio: Studio
    rest: RestClient
    control: ControlClient


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("interop")
    with _simulator(folder) as upstream, _proxy(folder, upstream) as base_url:
        settings = {"BACKEND_URL": f"{base_url}/v1", "BACKEND_KEY": PROXY_KEY}
        owner = {"OWNER_USERNAME": "alice", "OWNER_PASSWORD": secrets.token_hex(8)}
        studio = Studio(folder / "data", free_port(), folder / "studio.log", **settings, **owner)
        try:
            studio.wait_for(READY)
            token = studio.manage("create_token", "alice").stdout.strip()
            with (
                closing(RestClient(studio.url, token)) as rest,
                closing(ControlClient(upstream, SIMULATOR_KEY)) as control,
            ):
                yield Services(studio, rest, control)
        finally:
            studio.stop(signal.SIGINT)


@pytest.fixture
def clear_faults(services: Services) -> Iterator[None]:
    yield
    services.control.clear_faults()


@contextmanager
def _simulator(folder: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{(port := free_port())}"
    data = str(folder / "simulator")
    arguments = ["--port", str(port), "--data", data, "--duration", "2", "--api-key", SIMULATOR_KEY]
    with _process([sys.executable, "-m", "simulator", *arguments], folder / "simulator.log"):
        wait_until(lambda: _is_answering(f"{url}/health"))
        yield url


@contextmanager
def _proxy(folder: Path, upstream: str) -> Iterator[str]:
    program = os.environ.get("LITELLM") or shutil.which("litellm")
    if program is None:
        reason = "LiteLLM is not installed; `make interop` installs it"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    config = folder / "litellm.yaml"
    config.write_text(CONFIG.format(upstream=upstream, key=SIMULATOR_KEY))
    port = free_port()
    arguments = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    # With the last one it reads its price list from its package instead of from the network.
    offline = {"LITELLM_MASTER_KEY": PROXY_KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with _process([program, *arguments], folder / "litellm.log", **offline):
        wait_until(lambda: _is_answering(f"http://127.0.0.1:{port}/health/liveliness"))
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _process(command: list[str], log: Path, **environment: str) -> Iterator[None]:
    # LiteLLM reads settings of the same names as ours.
    ours = ("DATABASE_URL", "REDIS_URL", "DEBUG", "DEPLOYMENT", "PORT")
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=inherited | environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _is_answering(url: str) -> bool:
    try:
        return bool(httpx2.get(url, timeout=5, trust_env=False).status_code == 200)
    except httpx2.HTTPError:
        return False
