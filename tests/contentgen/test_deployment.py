"""The Dockerfile, compose.yaml and `deploy/` fit the Procfile, the settings, and their own schemas."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from honcho.environ import parse_procfile

from contentgen.env import read_secret_files
from contentgen.run import probe

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
PROCESSES = set(parse_procfile((ROOT / "Procfile").read_text()).processes)
LASTING = PROCESSES - {"release"}
SETTINGS = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def _documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text()))


def _leave_out(reason: str) -> None:
    """Skip the test on somebody's own machine; CI has what it needs, or fails."""
    pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


def _is_setting(name: str) -> bool:
    return name in SETTINGS or name.removesuffix("_FILE") in SETTINGS


def test_compose_runs_each_process_once(compose: dict[str, Any]):
    ours = {name: each for name, each in compose["services"].items() if each.get("image") == "contentgen"}
    assert {each["command"][0] for each in ours.values()} & PROCESSES == LASTING
    for name, service in ours.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name


def test_compose_names_settings_that_exist(compose: dict[str, Any]):
    names = compose["x-studio"]["environment"]
    assert [name for name in names if not _is_setting(name)] == []


def test_kubernetes_runs_each_process():
    pods = [
        each["spec"]["template"]["spec"]
        for name in ("web.yaml", "workers.yaml", "beat.yaml")
        for each in _documents(name)
        if each["kind"] == "Deployment"
    ]
    assert {pod["containers"][0]["args"][0] for pod in pods} == LASTING
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]


def test_kubernetes_names_settings_and_files_that_exist():
    (config,) = _documents("config.yaml")
    (secret,) = _documents("secret.example.yaml")
    (kustomization,) = _documents("kustomization.yaml")
    assert [name for name in (*config["data"], *secret["stringData"]) if not _is_setting(name)] == []
    assert [name for name in kustomization["resources"] if not (DEPLOY / "kubernetes" / name).is_file()] == []


def test_systemd_starts_each_process():
    target = (DEPLOY / "systemd/contentgen.target").read_text()
    assert set(re.findall(r"contentgen@(\w+)\.service", target)) == LASTING
    example = (DEPLOY / "systemd/contentgen.env.example").read_text()
    names = re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)
    assert [name for name in names if not _is_setting(name)] == []


def test_the_image_has_every_app_and_no_secrets():
    copied = set(re.findall(r"^!([\w.]+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")} | {"simulator", "static", "templates"}
    assert apps <= copied
    assert not copied & {".env", "data", "tests"}
    compiled = re.search(r"compileall -q (.+)", (ROOT / "Dockerfile").read_text())
    assert compiled
    assert set(compiled[1].split()) == apps - {"static", "templates"}


def test_the_base_of_the_image_is_pinned():
    assert re.search(
        r"^ARG BASE=python:3\.11\S*@sha256:[0-9a-f]{64}$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("hadolint", [ROOT / "Dockerfile"]),
        ("check-jsonschema", ["--builtin-schema", "vendor.compose-spec", ROOT / "compose.yaml"]),
        ("kubernetes-validate", ["-k", "1.34", *(DEPLOY / "kubernetes").glob("[b-jl-z]*.yaml")]),
    ],
)
def test_their_own_linters_are_content(program: str, arguments: list[object]):
    executable = Path(sys.executable).parent / program
    if not executable.exists():
        _leave_out(f"{program} is not made for this kind of machine")
    command = [executable, *arguments]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("caddy", ["validate", "--adapter", "caddyfile", "--config", DEPLOY / "caddy/Caddyfile"]),
        ("systemd-analyze", ["verify", "--man=no", *sorted((DEPLOY / "systemd").glob("*.[st]*[et]"))]),
    ],
)
def test_their_own_programs_are_content(program: str, arguments: list[object]):
    if not shutil.which(program):
        _leave_out(f"{program} is not installed")
    found = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, check=False)
    # The studio is not installed where the unit expects it.
    complaints = [each for each in found.stderr.splitlines() if "/opt/contentgen" not in each]
    assert found.returncode == 0 or (found.stderr and not complaints), found.stderr


def test_a_process_that_is_not_in_the_procfile_is_refused():
    command = [sys.executable, "-m", "contentgen.run.process", "wrker"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 1
    assert "web, worker" in found.stderr


def test_the_probe_tells_that_nothing_listens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PORT", "1")
    assert probe.main(["web"]) == 1
    assert "refused" in capsys.readouterr().err


def test_a_secret_may_be_a_file(tmp_path: Path):
    (tmp_path / "key").write_text("a$ecret\n")
    variables = {"SECRET_KEY_FILE": str(tmp_path / "key"), "OTHER_FILE": "/nowhere"}
    read_secret_files(variables, ["SECRET_KEY", "REDIS_URL"])
    assert variables["SECRET_KEY"] == "a$ecret"
    assert "REDIS_URL" not in variables


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "No such file"),
        ({"SECRET_KEY_FILE": "/nowhere/key", "SECRET_KEY": "set"}, "not both"),
    ],
)
def test_a_secret_that_cannot_be_read_says_so(variables: dict[str, str], reason: str):
    with pytest.raises(ImproperlyConfigured, match=reason):
        read_secret_files(variables, ["SECRET_KEY"])
