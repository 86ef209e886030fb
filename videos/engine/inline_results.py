"""Results that a synchronous server sent in its reply to the submission, kept until the video is stored.

Such a server often knows nothing of the job afterwards, so the reply is the only copy of paid work. It goes
to storage, which all workers share, before the row says that the job was accepted. It lies in the video's own
folder, which is cleared when the video is stored or deleted, under a name that belongs to the one job.
"""

import hashlib
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from videos.backends.responses import Job

logger = logging.getLogger(__name__)

_PREFIX = "received-"


@dataclass(frozen=True)
class InlineResult:
    """A kept result: its `file` in storage, the `url` to download it from, or neither."""

    file: str = ""
    url: str = ""

    def copy_to(self, target: Path) -> None:
        """Copy the file to the local disk. Raises `OSError`."""
        with default_storage.open(self.file) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)


def save_result(folder: str, job: Job) -> None:
    """Keep in the video's `folder` the result that came with a finished `job`, if one did.

    A failure of storage is logged, not raised: the job's id must still be recorded.
    """
    if job.status != "completed" or not (job.content or job.url):
        return
    file, url = _names(folder, job.id)
    name, content = (file, job.content) if job.content else (url, (job.url or "").encode())
    try:
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(content))
    except Exception:  # each kind of storage has errors of its own
        logger.critical(
            "The result that came with job %s could not be stored in %s", job.id, folder, exc_info=True
        )


def load_result(folder: str, job_id: str) -> InlineResult:
    """Return the result kept in the video's `folder` for the job. Raises `OSError`."""
    file, url = _names(folder, job_id)
    if default_storage.exists(file):
        return InlineResult(file=file)
    if default_storage.exists(url):
        with default_storage.open(url) as stored:
            return InlineResult(url=stored.read().decode())
    return InlineResult()


def is_result(folder: str) -> bool:
    """Whether a folder with this name, within a video's folder, holds a kept result."""
    return folder.startswith(_PREFIX)


def _names(folder: str, job_id: str) -> tuple[str, str]:
    """The names in storage of the job's file and of the text that holds its URL."""
    folder = f"{folder}/{_PREFIX}{hashlib.sha256(job_id.encode()).hexdigest()[:32]}"
    return f"{folder}/video.mp4", f"{folder}/address.txt"
