"""The command as an operator types it first: whatever is broken, it says so and ends with the right code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from videos.doctor.finding import Finding, ok, warning, wrong
from videos.management.commands import doctor

PROJECT = Path(__file__).resolve().parents[2]


def _manage(data_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": "", "DATA_DIR": str(data_dir), **settings}
    return subprocess.run(
        [sys.executable, "manage.py", "doctor", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_where_there_is_no_studio_it_says_so_and_leaves_nothing(tmp_path: Path):
    ran = _manage(tmp_path / "none", BACKEDN_URL="http://box/v1")

    assert ran.returncode == 2
    assert "WRONG        database: There is no studio here" in ran.stdout
    assert "Did you mean BACKEND_URL?" in ran.stdout
    assert "WRONG        broker: REDIS_URL is not set" in ran.stdout
    assert "NOT CHECKED  videos: See “database” first." in ran.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_settings_that_cannot_be_loaded_are_the_first_thing_it_says(
    tmp_path: Path, arguments: tuple[str, ...]
):
    ran = _manage(tmp_path, *arguments, DEPLOYMENT="production")

    assert (ran.returncode, ran.stderr) == (2, "")
    assert "They cannot be loaded: Set SECRET_KEY" in ran.stdout
    if arguments:
        assert json.loads(ran.stdout)["findings"][0]["state"] == "wrong"


@pytest.mark.parametrize(
    ("findings", "code", "summary"),
    [
        ([ok("a", "b")], 0, "All is well: 1 checks."),
        ([ok("a", "b"), warning("c", "d", "e")], 1, "1 warning, 1 ok."),
        (
            [warning("c", "d", "e"), wrong("f", "g", "h"), warning("i", "j", "k")],
            2,
            "1 wrong and 2 warnings, 0 ok.",
        ),
    ],
)
def test_the_exit_code_says_how_bad_it_is(
    run, ran, monkeypatch: pytest.MonkeyPatch, findings: list[Finding], code: int, summary: str
):
    monkeypatch.setattr(doctor, "run_checks", lambda checks: findings)

    if code:
        with pytest.raises(SystemExit) as stopped:
            run("doctor")
        assert stopped.value.code == code
    else:
        run("doctor")
    assert summary in ran.out


def test_json_has_it_all(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "run_checks", lambda checks: [ok("a", "b “c”")])

    assert json.loads(run("doctor", "--json").out) == {
        "exit_code": 0,
        "findings": [{"what": "a", "state": "ok", "found": "b “c”", "advice": ""}],
    }


def test_a_terminal_gets_a_table(run, ran, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ran.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(doctor, "run_checks", lambda checks: [ok("storage", "It is there.")])

    out = run("doctor").out

    assert "What to do" in out
    assert "│ It is there." in out
