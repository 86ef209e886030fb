"""The dashboard and the alert rules name metrics that exist, and each alert has its section."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from contentgen.monitoring.gauges import DEFINITIONS
from contentgen.monitoring.measures import COUNTERS, HISTOGRAMS
from tests.contentgen.test_deployment import _leave_out
from tests.monitoring.conftest import Scrape

ROOT = Path(settings.BASE_DIR)
FOLDER = ROOT / "deploy/monitoring"
RULES = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
EXPRESSIONS = {
    "dashboard": [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())],
    "alerts": [rule["expr"] for rule in RULES],
}
KNOWN = {
    *DEFINITIONS,
    *(counter.name for counter in COUNTERS),
    *(f"{each.name}_{part}" for each in HISTOGRAMS for part in ("bucket", "sum", "count")),
}


@pytest.mark.parametrize("file", EXPRESSIONS)
def test_each_metric_that_is_named_exists(file: str):
    named = {name for each in EXPRESSIONS[file] for name in re.findall(r"\bcontentgen_\w+", each)}
    assert len(named) > 10
    assert named - KNOWN == set()


@pytest.mark.django_db
def test_each_metric_that_exists_is_told_by_a_scrape(scrape: Scrape):
    told = set(scrape().families)
    assert {name.removesuffix("_total") for name in DEFINITIONS} <= told
    assert {each.name.removesuffix("_total") for each in (*COUNTERS, *HISTOGRAMS)} <= told


def test_each_metric_is_on_the_dashboard():
    shown = " ".join(EXPRESSIONS["dashboard"])
    names = {each.removesuffix("_total") for each in (*DEFINITIONS, *(c.name for c in COUNTERS))}
    answered = {"contentgen_broker_up"}  # which its latency tells
    assert {name for name in names if name not in shown} <= answered


def test_the_labels_that_are_asked_for_exist():
    labels = {name for _, names in DEFINITIONS.values() for name in names}
    labels |= {name for each in (*COUNTERS, *HISTOGRAMS) for name in each.labels}
    grouped = {
        name.strip()
        for each in (*EXPRESSIONS["alerts"], *EXPRESSIONS["dashboard"])
        for names in re.findall(r"\b(?:by|without) \(([^)]*)\)", each)
        for name in names.split(",")
    }
    assert grouped - labels <= {"le", "instance"}


def test_each_alert_has_a_section_that_its_rule_leads_to():
    page = (ROOT / "docs/operations.md").read_text()
    headings = set(re.findall(r"^#### (ContentGen\w+)$", page, re.MULTILINE))
    assert {rule["alert"] for rule in RULES} == headings
    for rule in RULES:
        assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"


@pytest.mark.parametrize(
    "arguments", [("rules", "alerts.yml"), ("config", "--syntax-only", "prometheus.yml")]
)
def test_promtool_is_content(arguments: tuple[str, ...]):
    if not shutil.which("promtool"):
        _leave_out("promtool is not installed")
    found = subprocess.run(
        ["promtool", "check", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
