"""Mending what does not fit. Each step looks again first, with the row locked, and can be repeated."""

import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path, PurePosixPath

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from videos.backends.errors import BackendError
from videos.engine import browser_copy, bulkhead, clients
from videos.engine.file_check import rows, strays
from videos.engine.file_check.files import QUARANTINE, storage
from videos.engine.file_check.finding import FileFinding, Problem, Remedy
from videos.engine.workspace import copy_from_storage, scratch_folder
from videos.media.errors import DecoderBusyError, NotAVideoError
from videos.media.inspect import inspect_video
from videos.media.poster import make_poster, make_scrub_sheet
from videos.media.reference import BadReferenceError, open_reference
from videos.media.sandbox import worker_budget
from videos.models import ReferenceImage, Video

logger = logging.getLogger(__name__)

COPY_SECONDS = 900.0  # that making a copy for browsers may take, as when a video is stored


_MEASURED_ANEW: dict[str, object] = {"picture_bytes": None}  # by the next tick, for the owner's quota


class NotMendedError(Exception):
    """It could not be mended. The text says why."""


class Repair:
    """One run of repairs, whose quarantine is a folder of its own: what is moved there keeps its path."""

    def __init__(self, older_than: timedelta = strays.OLDER_THAN) -> None:
        self._older_than = older_than
        self.quarantine = f"{QUARANTINE}/{timezone.now():%Y-%m-%d-%H%M%S}"

    def mend(self, finding: FileFinding) -> bool:
        """Mend it. Returns False where there was nothing to mend any more. Raises `NotMendedError`."""
        steps: dict[Remedy, Callable[[FileFinding], bool]] = {
            Remedy.QUARANTINE: self._set_aside_stray,
            Remedy.REMAKE: self._remake,
            Remedy.DOWNLOAD: self._download,
        }
        if finding.remedy not in steps:
            raise NotMendedError("Nothing here has it any more. Restore it from a backup.")
        try:
            return steps[finding.remedy](finding)
        except (BackendError, bulkhead.ShareExhaustedError) as error:
            raise NotMendedError(f"The backend does not deliver it: {error}") from error
        except (NotAVideoError, BadReferenceError, DecoderBusyError, ValueError) as error:
            raise NotMendedError(f"It could not be made: {error}") from error
        except OSError as error:
            raise NotMendedError(f"The storage refuses it: {error.strerror or error}.") from error

    # --- Files without rows --------------------------------------------------------------------------------

    def _set_aside_stray(self, finding: FileFinding) -> bool:
        if finding.problem == Problem.PARTIAL:
            target = f"{self.quarantine}/{finding.name}"
            return storage().end_partial(finding.name, target, self._older_than.total_seconds())
        # Without a lock, which would be held for as long as a store takes to move a file. No name is given
        # twice, and whoever wrote this file had hours to name it; should a row name it all the same, it is
        # moved back.
        if not strays.is_stray(finding.name, self._older_than):
            return False
        self._set_aside(finding.name)
        if strays.without_row([finding.name]):
            return True
        storage().move(f"{self.quarantine}/{finding.name}", finding.name)
        return False

    def _set_aside(self, name: str) -> None:
        """Move a file to quarantine."""
        storage().move(name, f"{self.quarantine}/{name}")

    # --- What is made again from the original --------------------------------------------------------------

    def _remake(self, finding: FileFinding) -> bool:
        if (current := rows.find_again(finding)) is None:
            return False
        with scratch_folder() as folder:
            if current.model == ReferenceImage.__name__:
                made = _thumbnail(ReferenceImage.objects.get(pk=current.pk), folder)
            else:
                made = _picture(Video.objects.get(pk=current.pk), current.field, folder)
            return self._put(current, made)

    # --- What the backend still has ------------------------------------------------------------------------

    def _download(self, finding: FileFinding) -> bool:
        deep = finding.problem == Problem.WRONG_CHECKSUM
        if (current := rows.find_again(finding, deep=deep)) is None:
            return False
        video = Video.objects.select_related("backend").get(pk=current.pk)
        with scratch_folder() as folder:
            path = folder / "video.mp4"
            with (
                clients.client_for(video.backend) as client,
                client.download(video.backend_job_id) as chunks,
                path.open("wb") as file,
            ):
                for chunk in chunks:
                    file.write(chunk)
            facts = inspect_video(path, worker_budget())
            changes: dict[str, object] = {
                "byte_count": facts.byte_count,
                "sha256": facts.sha256,
                "width": facts.width,
                "height": facts.height,
                "duration": facts.duration_seconds,
                "container": facts.container.name,
                "codec": facts.codec_name,
                "original_dropped_at": None,  # it is the original that the backend delivers
                "original_codec": "",
            }
            return self._put(current, _Made(path, changes), deep=deep)

    def _put(self, finding: FileFinding, made: "_Made", *, deep: bool = False) -> bool:
        """Put a file in the place of the one that is wrong, which goes to quarantine where there is one.

        The file is there before the row names it, and the row is changed by one statement, if it still names
        the file that was looked at. A run that is killed in between leaves a file without a row.
        """
        if (current := rows.find_again(finding, deep=deep)) is None:
            return False
        name = current.name or _new_name(Video.objects.get(pk=finding.pk), made.path)
        with made.path.open("rb") as file:
            saved = default_storage.save(name, File(file))  # under another name, if that is taken
        try:
            changed = rows.naming(current).update(**{finding.field: saved, **made.changes})
        except BaseException:
            default_storage.delete(saved)
            raise
        if not changed:
            default_storage.delete(saved)
            return False
        if saved != name:
            self._set_aside(name)
        logger.info("%s was mended", finding.label)
        return True


class _Made:
    """A file on the local disk, and what the row is to say of it."""

    def __init__(self, path: Path, changes: dict[str, object] | None = None) -> None:
        self.path, self.changes = path, changes or {}


def _picture(video: Video, field: str, folder: Path) -> _Made:
    """Make the poster, the scrub sheet or the copy for browsers again."""
    original = folder / PurePosixPath(str(video.file.name)).name
    pictured = video.file if field == "browser_file" or not _has_copy(video) else video.browser_file
    copy_from_storage(pictured, original)
    if field == "poster":
        make_poster(original, folder / "poster.webp", worker_budget())
        return _Made(folder / "poster.webp", _MEASURED_ANEW)
    if field == "scrub_sheet":
        sheet = make_scrub_sheet(original, folder / "scrub.jpg", worker_budget())
        changes = {"scrub_frames": sheet.count, "scrub_columns": sheet.columns, **_MEASURED_ANEW}
        return _Made(folder / "scrub.jpg", changes)
    budget = worker_budget()
    copy = browser_copy.make(original, inspect_video(original, budget), budget, max_seconds=COPY_SECONDS)
    if copy is None:
        raise NotMendedError("No copy for browsers could be made of it.")
    return _Made(copy.path, {"browser_byte_count": copy.byte_count, "browser_sha256": copy.sha256})


def _has_copy(video: Video) -> bool:
    return bool(video.browser_file) and default_storage.exists(str(video.browser_file.name))


def _thumbnail(image: ReferenceImage, folder: Path) -> _Made:
    with image.file.open("rb") as file:
        content = file.read()
    path = folder / "thumbnail.webp"
    path.write_bytes(open_reference(content, max_bytes=len(content)).thumbnail)
    return _Made(path, {"byte_count": None})


def _new_name(video: Video, path: Path) -> str:
    return f"videos/{video.owner_id}/{video.public_id}/{os.urandom(16).hex()}/{path.name}"
