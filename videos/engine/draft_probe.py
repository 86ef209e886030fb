"""Probes what somebody is about to connect, and writes down each check as soon as it is made.

A probe takes up to half a minute, so no web thread waits for it: the page looks at the draft's row.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from django.utils import timezone
from pydantic import TypeAdapter

from videos.backends.catalogue import CatalogueModel
from videos.backends.probe_report import Check, ProbeReport
from videos.engine import clients
from videos.models import ConnectionDraft
from videos.validation import storable_text

logger = logging.getLogger(__name__)

MAX_MODELS = 500  # that a page offers, and its form can send; no service is known to have half of that
_MAX_TEXT = 1000  # characters of anything that a service says
_MAX_PROBLEM = 500
_MODEL = TypeAdapter(CatalogueModel)


def probe_draft(draft_id: int) -> None:
    """Probe the draft's backend, once, without starting a job. A second message does nothing."""
    drafts = ConnectionDraft.objects.filter(pk=draft_id)
    if not drafts.alive().filter(started_at=None).update(started_at=timezone.now()):
        return
    draft = drafts.select_related("owner").get()
    logger.info("Backend “%s” is probed at %s, by %s", draft.name, draft.base_url, draft.owner)
    made: list[Check] = []

    def note(check: Check) -> None:
        made.append(check)
        drafts.update(checks=check_rows(made))

    report = clients.probe(draft.build_backend(), on_check=note)
    drafts.update(finished_at=timezone.now(), **_report_fields(report))


def read_models(draft: ConnectionDraft) -> list[CatalogueModel]:
    """Return the models that the service offers, in its order, as it describes them."""
    return [_MODEL.validate_python(fields) for fields in draft.offered_models]


def _report_fields(report: ProbeReport) -> dict[str, Any]:
    described = report.catalogue or [CatalogueModel(name, name) for name in report.models or ()]
    return {
        "checks": check_rows(report.checks),
        "problem": problem_line(report),
        "offered_models": [
            _storable(_MODEL.dump_python(model, mode="json")) for model in described[:MAX_MODELS]
        ],
        "capabilities": {str(name): can for name, can in report.capabilities.items()},
        "in_private_network": report.in_private_network,
        "max_in_flight": report.max_in_flight,
    }


def problem_line(report: ProbeReport) -> str:
    """Return the problem as a row keeps it: its first line. Below that may be what a server answered, which
    could be anything, from anywhere inside.
    """
    return storable_text(report.problem.partition("\n")[0], _MAX_PROBLEM)


def check_rows(checks: Sequence[Check]) -> Any:
    """Return the checks as a row keeps them."""
    return [_storable(asdict(replace(check, found=check.found.partition("\n")[0]))) for check in checks]


def _storable(value: Any) -> Any:
    """Return decoded JSON with texts that PostgreSQL can store."""
    if isinstance(value, str):
        return storable_text(value, _MAX_TEXT)
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list) else value
