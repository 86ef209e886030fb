"""A real Prometheus scrapes a real studio by `deploy/monitoring`: panels show something, rules are read."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.chaos.processes import Processes
from tests.contentgen.test_deployment import _leave_out
from tests.monitoring.test_deploy_files import DASHBOARD, FOLDER, RULES
from tests.studio import READY, NewDataDir, Studio, free_port, wait_until

pytestmark = [pytest.mark.drill, pytest.mark.django_db]

TOKEN = "a token that nobody guesses"
# What a studio has nothing of while all is well.
MAY_BE_EMPTY = {
    'contentgen_oldest_video_age_seconds{state="storing"}': "a file is stored within a second",
    'contentgen_budgets{scope="studio", status="used_up"}': "the budget is larger than what was spent",
    'contentgen_submissions_total{result="uncertain"}': "no reply was lost",
}
FAILS = '{"rules": [{"on": "create", "kind": "fail_job", "match": "breaks"}]}'
# One video waits, a budget is used, and a prompt was improved: what panels show of those is there too.
PREPARE = """
from decimal import Decimal
from accounts.models import User
from billing.models import Scope
from billing.targets import Target, set_budget
from tests.factories import VideoFactory
from videos.models import Backend
from videos.services.prompt_help import improve_prompt
from videos.services.queue import pause_queue
owner = User.objects.get()
set_budget(Target(Scope.STUDIO), "month", Decimal(50))
improve_prompt(owner, "A boat on a lake")
pause_queue(owner)
VideoFactory(owner=owner, backend=Backend.objects.for_environment())"""


@pytest.fixture(scope="module")
def studio(new_data_dir: NewDataDir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder, simulator = tmp_path_factory.mktemp("scraped"), free_port()
    processes = Processes(os.environ, folder)
    processes.add_simulator(simulator, folder / "simulator", duration=0, rules=FAILS)
    data, settings = new_data_dir(folder / "data"), {"METRICS_TOKEN": TOKEN}
    settings |= {"SIMULATOR_URL": f"http://127.0.0.1:{simulator}/v1", "OWNER_USERNAME": "owner"}
    studio = Studio(data, free_port(), folder / "log", **settings)
    try:
        studio.wait_for(READY)
        assert studio.manage("generate_video", "A boat", "--wait").returncode == 0
        assert studio.manage("generate_video", "A boat that breaks", "--wait").returncode != 0
        prepared = studio.manage("shell", "-v0", "-c", PREPARE)
        assert prepared.returncode == 0, prepared.stderr
        yield studio
    finally:
        studio.stop(signal.SIGINT)
        processes.kill()


@pytest.fixture(scope="module")
def prometheus(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that has scraped the studio several times."""
    program = shutil.which("prometheus")
    if program is None:
        _leave_out("prometheus is not installed")
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    shutil.copy(FOLDER / "alerts.yml", folder)
    _copy_config(folder / "prometheus.yml", studio)
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    options += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([str(program), *options], cwd=folder, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or _has_scraped(address))
        assert process.poll() is None, (folder / "log").read_text()
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


def _copy_config(target: Path, studio: Studio) -> None:
    text = (FOLDER / "prometheus.yml").read_text()
    changes = {
        "scrape_interval: 15s": "scrape_interval: 1s\n  evaluation_interval: 1s",
        "scheme: https": "scheme: http",
    }
    changes |= {"METRICS_TOKEN  #": f"{TOKEN}  #", "[studio.example.org]": f"['127.0.0.1:{studio.port}']"}
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    target.write_text(text)


def _ask(address: str, path: str, **parameters: str) -> Any:
    with urlopen(f"{address}/api/v1/{path}?{urlencode(parameters)}", timeout=60) as reply:  # noqa: S310  # ours
        return json.load(reply)["data"]


def _series(address: str, expression: str) -> list[Any]:
    query = expression.replace("$__rate_interval", "1m")
    found: list[Any] = _ask(address, "query", query=query)["result"]
    return found


def _has_scraped(address: str) -> bool:
    try:
        counted = _series(address, 'count_over_time(contentgen_database_up{job="contentgen"}[1m])')
    except URLError:
        return False
    return bool(counted) and int(counted[0]["value"][1]) >= 3


def _operands(expression: str) -> list[str]:
    """Return what a rule compares: while all is well the comparison itself finds nothing."""
    parts = re.split(r"\s(?:==|<|>|and)\s", expression.replace("\n", " "))
    return [part.strip() for part in parts if re.search("[a-z]", part)]


def test_each_panel_shows_something(prometheus: str):
    expressions = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    empty = [each for each in expressions if not _series(prometheus, each)]
    assert empty == []


def test_each_rule_compares_what_there_is(prometheus: str):
    operands = {part for rule in RULES for part in _operands(rule["expr"])}
    empty = {each for each in operands if not _series(prometheus, each)}
    assert {each for each in empty if not any(known in each for known in MAY_BE_EMPTY)} == set()


def test_each_rule_is_read_and_a_calm_studio_raises_no_alarm(prometheus: str):
    wait_until(lambda: all(rule["health"] == "ok" for rule in _rules(prometheus)))
    rules = _rules(prometheus)
    assert {rule["name"] for rule in rules} == {rule["alert"] for rule in RULES}
    assert {rule["name"] for rule in rules if rule["state"] == "firing"} == set()


def _rules(address: str) -> list[dict[str, Any]]:
    return [rule for group in _ask(address, "rules")["groups"] for rule in group["rules"]]
