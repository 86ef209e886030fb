"""What all hosts must share: the storage and the settings. Each worker is asked, through the broker."""

import uuid
from typing import Any

from celery import current_app
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from contentgen.worker_control import COMMAND, PROBE_FOLDER, settings_digest
from videos.doctor.finding import Findings, not_checked, ok, wrong

_WAIT = 2.0  # seconds for replies of workers


def check_sharing() -> Findings:
    """Write a file here, and ask every worker whether it sees it."""
    answers = _answers()
    if not answers:
        yield not_checked("shared storage", "No worker of this version answers.")
        return
    hosts = sorted({worker.rpartition("@")[2] for worker in answers})
    if blind := sorted(worker for worker, answer in answers.items() if not answer["has_probe"]):
        advice = "Mount the same folder as VIDEO_STORAGE_PATH on every host of web and workers."
        yield wrong(
            "shared storage", f"A file that was written here is not there for {_listed(blind)}.", advice
        )
    else:
        yield ok("shared storage", f"Every worker that answers sees the same files, on {_listed(hosts)}.")
    ours = settings_digest()
    if others := sorted(worker for worker, answer in answers.items() if answer["settings"] != ours):
        advice = "Give every process the same SECRET_KEY, REDIS_PREFIX and database."
        yield wrong("shared settings", f"{_listed(others)} has other settings than this shell.", advice)


def _answers() -> dict[str, dict[str, Any]]:
    """Return what workers reply, by name; those of versions that do not know the question are left out."""
    probe = default_storage.save(f"{PROBE_FOLDER}/{uuid.uuid4().hex}", ContentFile(b"ContentGen"))
    try:
        replies = current_app.control.broadcast(
            COMMAND, arguments={"probe": probe}, reply=True, timeout=_WAIT
        )
    finally:
        default_storage.delete(probe)
    merged = {worker: answer for reply in replies or [] for worker, answer in reply.items()}
    return {worker: answer for worker, answer in merged.items() if "has_probe" in answer}


def _listed(workers: list[str]) -> str:
    return ", ".join(workers[:5]) + (f" and {len(workers) - 5} more" if len(workers) > 5 else "")
