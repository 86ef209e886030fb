"""What a synchronous server delivered with its reply to the submission, kept until the video is stored.

Such a server often knows nothing of the job afterwards, so the reply is the only copy of paid work. It goes
to storage, which all workers share, before the row says that the job was accepted. It lies in a folder of the
video's own, which goes when the video is stored or deleted, under a name that belongs to the one job.
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


@dataclass(frozen=True)
class Received:
    """A delivery that waits to be stored: the `file` in storage, the `url` to fetch it from, or nothing."""

    file: str = ""
    url: str = ""

    def copy_to(self, target: Path) -> None:
        """Copy the file. Raises `OSError`."""
        with default_storage.open(self.file) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)


def save_result(folder: str, job: Job) -> None:
    """Keep in the video's `folder` what came with a finished `job`, if anything did.

    Storage that does not take it is logged, not raised: the job's id must still be written down.
    """
    if job.status != "completed" or not (job.content or job.url):
        return
    file, url = _names(folder, job.id)
    name, content = (file, job.content) if job.content else (url, (job.url or "").encode())
    try:
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(content))
    except Exception:  # each kind of storage has errors of its own
        logger.critical("What job %s delivered could not be kept in %s", job.id, folder, exc_info=True)


def load_result(folder: str, job_id: str) -> Received:
    """Return what was kept in the video's `folder` for the job. Raises `OSError`."""
    file, url = _names(folder, job_id)
    if default_storage.exists(file):
        return Received(file=file)
    if default_storage.exists(url):
        with default_storage.open(url) as address:
            return Received(url=address.read().decode())
    return Received()


def _names(folder: str, job_id: str) -> tuple[str, str]:
    place = f"{folder}/received-{hashlib.sha256(job_id.encode()).hexdigest()[:32]}"
    return f"{place}/video.mp4", f"{place}/address.txt"
