"""Making a copy for browsers again, of a video whose copy was removed for its age or could not be made."""

import logging
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from videos.engine import browser_copy, storage_use
from videos.engine.browser_copy import BrowserCopy
from videos.engine.store import COPY_SECONDS, folder_of
from videos.engine.stored_bytes import discard, undiscard
from videos.engine.workspace import copy_from_storage
from videos.media.errors import DecoderLimitError, NotAVideoError
from videos.media.inspect import inspect_video
from videos.media.sandbox import worker_budget
from videos.models import State, Video

logger = logging.getLogger(__name__)

TRY_AGAIN_AFTER = timedelta(minutes=40)  # when a worker that was killed has certainly not finished it
TASK = "make_browser_copy"


def due(now: datetime) -> QuerySet[Video]:
    """The videos that a worker is to make a copy of now."""
    return Video.objects.filter(copy_due_at__lte=now, deleted_at=None, state=State.COMPLETED)


def make(video_id: int) -> bool:
    """Make the copy, unless another worker is doing so. Returns whether the video has a new one.

    Where none can be made, the request is over: the page offers the original, as before.
    """
    now = timezone.now()
    video = due(now).filter(pk=video_id).first()
    if video is None:
        return False
    claim = now + TRY_AGAIN_AFTER
    taken = Video.objects.filter(pk=video.pk, copy_due_at=video.copy_due_at).update(copy_due_at=claim)
    return bool(taken) and _make(video, claim)


def _make(video: Video, claim: datetime) -> bool:
    settings.DATA_DIR.joinpath("tmp").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="copy-", dir=settings.DATA_DIR / "tmp") as folder:
        path = Path(folder) / f"video{Path(str(video.file.name)).suffix}"
        try:
            copy_from_storage(video.file, path)
            budget = worker_budget()
            copy = browser_copy.make(path, inspect_video(path, budget), budget, max_seconds=COPY_SECONDS)
        except (NotAVideoError, DecoderLimitError, FileNotFoundError) as error:
            logger.warning("Video %s: no copy for browsers could be made: %s", video.public_id, error)
            copy = None
        if copy is None:
            _claimed(video, claim).update(copy_due_at=None, revision=F("revision") + 1)
            return False
        return _keep(video, claim, copy)


def _keep(video: Video, claim: datetime, copy: BrowserCopy) -> bool:
    """Store the copy and name it in the row; what the row does not name is removed again."""
    name = f"{folder_of(video)}/{uuid.uuid4().hex}/{copy.path.name}"
    with transaction.atomic():
        discard(
            name, after=2 * TRY_AGAIN_AFTER
        )  # removed later if this worker is killed between storing and naming it
    with copy.path.open("rb") as file:
        default_storage.save(name, File(file))
    with transaction.atomic():
        kept = _claimed(video, claim).update(
            copy_due_at=None,
            browser_file=name,
            browser_byte_count=copy.byte_count,
            browser_sha256=copy.sha256,
            browser_copied_at=timezone.now(),
            revision=F("revision") + 1,
        )
        if kept:
            undiscard(name)
    storage_use.tell(video.owner_id)
    return bool(kept)


def _claimed(video: Video, claim: datetime) -> QuerySet[Video]:
    same = Video.objects.filter(pk=video.pk, copy_due_at=claim, file=video.file.name, deleted_at=None)
    return same.filter(browser_file="")
