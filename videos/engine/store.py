"""Storing a finished file: download, check, poster and scrub sheet, storage, and only then the row."""

import errno
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext_noop

from contentgen.monitoring.measures import DOWNLOADED, STORE_SECONDS
from contentgen.stored_texts import sentence
from videos import lifecycle
from videos.backends.errors import BackendError, FailedJobError, RefusedError, UnavailableError
from videos.engine import (
    browser_copy,
    bulkhead,
    clients,
    concat,
    inline_results,
    pacing,
    storage_use,
    time_limits,
)
from videos.engine.browser_copy import BrowserCopy
from videos.engine.error_messages import reason_of_failed_job, reason_of_loss
from videos.engine.workspace import Heartbeat, LeaseLostError, workspace
from videos.lifecycle import story
from videos.media.errors import DecoderDiedError, DecoderLimitError
from videos.media.inspect import NotAVideoError, VideoFacts, inspect_video, inspect_with_pictures
from videos.media.poster import ScrubSheet, make_pictures
from videos.media.sandbox import Budget, worker_budget
from videos.models import Video
from videos.models.values import Reason, StoredFiles

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)  # of a worker that may have died; renewed for as long as it lives
RENEW_EVERY = 8.0  # seconds
DOWNLOAD_RETRY_FOR = timedelta(minutes=15)  # of tries that a backend fails; waiting for one's turn is no try
TRIES_DESPITE_ERROR = 3  # for a finished job with an error inside: it may be a warning, and the file late
STORAGE_RETRY_FOR = timedelta(hours=24)  # of tries in which our own storage does not take it
FIRST_RETRY_DELAY, MAX_RETRY_DELAY = 2.0, 60.0  # seconds between two tries; it doubles
COPY_SECONDS = 900.0  # that making a copy for browsers may take
# The same, while a person waits for the reply to an upload; and how much of its CPU time it may take.
QUICK_COPY_SECONDS, QUICK_COPY_CPU_SECONDS = 15.0, 5.0

_UNAVAILABLE = gettext_noop(
    "The video is finished, but the backend does not deliver it yet. We'll keep trying."
)
_DAMAGED = gettext_noop("The video is finished, but the download was incomplete. We'll download it again.")
_TOO_LARGE = sentence(
    gettext_noop(
        "%(sentence)s Staff can raise the limit (MAX_DOWNLOAD_SIZE); “Check again” then downloads it, at no"
        " cost."
    )
)
_BEYOND_LIMITS = gettext_noop(
    "The video is finished, but reading its file takes more memory or time than a worker may use."
    " Staff can raise the limits (WORKER_MEDIA_MEMORY and others); “Check again” then tries it at no cost."
)
_DISK_FULL = gettext_noop(
    "The video is finished, but the studio's disk is full. It will be downloaded as soon as there is space."
)
_STORAGE_DOWN = gettext_noop(
    "The video is finished, but the studio's storage is unavailable right now. We'll keep trying."
)
_INTERNAL = gettext_noop("The video is finished, but the studio failed to store it. We'll try again.")
_NO_VIDEO = gettext_noop("The backend delivered something that is not a video, so there is nothing to save.")
_NO_FILE = gettext_noop(
    "The backend reports this video as finished but never delivered a file, so probably no video was made."
    " Use “Check again” to try once more, at no cost."
)
_NOT_DOWNLOADED = gettext_noop(
    "The video was generated but could not be downloaded. “Check again” tries once more, at no cost."
)


class BadDeliveryError(Exception):
    """What came with the reply to the submission is no video, and nothing else will come."""


def store(video_id: int) -> None:
    """Fetch and store the file of a finished job, unless another worker is doing so or the backend has its
    share of this one.

    Trying again never generates again. Until the last step readers see nothing, and a worker that lost its
    lease removes what it wrote.
    """
    backend_id = Video.objects.values_list("backend", flat=True).get(pk=video_id)
    with bulkhead.call(backend_id) as is_admitted:
        token = lifecycle.claim_storing(video_id, lease=LEASE) if is_admitted else None
        if token is not None:
            _store(video_id, token)


def _store(video_id: int, token: uuid.UUID) -> None:
    video = Video.objects.select_related("backend", "source").get(pk=video_id)
    with story.about(video), story.span("store", video):
        _try_to_store(video, token)


def _try_to_store(video: Video, token: uuid.UUID) -> None:
    try:
        _fetch_and_store(video, token)
    except LeaseLostError:
        logger.info("Video %s: stopped storing it, because the lease was lost", video.public_id)
    except SystemExit:  # this worker was asked to stop, and its time is up
        lifecycle.hand_back_storing(video.pk, token)
        raise
    except BadDeliveryError as error:
        lifecycle.fail_storing(video.pk, token, Reason("not_a_video", _NO_VIDEO, str(error)))
    except Exception as error:  # noqa: BLE001  # whatever it is, the finished video must not be left lying
        if reason := _loss(video, error):
            lifecycle.fail_storing(video.pk, token, reason)
        else:
            _retry_or_fail(video, token, *_classify(video, error), _final_reason(error))


def _classify(video: Video, error: Exception) -> tuple[Reason, timedelta]:
    """The reason to show for `error`, and for how long to keep trying."""
    if isinstance(error, BackendError):
        return Reason("not_fetched", _UNAVAILABLE, f"{error.message} {error.detail}"), DOWNLOAD_RETRY_FOR
    if isinstance(error, DecoderLimitError):
        return Reason("beyond_limits", _BEYOND_LIMITS, f"{error} {error.detail}"), DOWNLOAD_RETRY_FOR
    if isinstance(error, NotAVideoError):
        return Reason("not_a_video", _DAMAGED, f"{error} {error.detail}"), DOWNLOAD_RETRY_FOR
    logger.error("Video %s cannot be stored yet", video.public_id, exc_info=error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Reason("disk_full", _DISK_FULL, repr(error)), STORAGE_RETRY_FOR
    if isinstance(error, OSError):
        return Reason("storage_down", _STORAGE_DOWN, repr(error)), STORAGE_RETRY_FOR
    return Reason("storing_failed", _INTERNAL, repr(error)), DOWNLOAD_RETRY_FOR


def _loss(video: Video, error: Exception) -> Reason | None:
    """Why no file will come any more, None when one may."""
    if isinstance(error, FailedJobError) and video.attempts >= TRIES_DESPITE_ERROR:
        return reason_of_failed_job(error)
    if isinstance(error, RefusedError) and error.code == "gone":
        return reason_of_loss(error)
    if isinstance(error, RefusedError) and error.code == "file_too_large":
        return Reason(error.code, _TOO_LARGE % {"sentence": error.message}, error.detail)
    return None


def _final_reason(error: Exception) -> Reason:
    """What to say when `error` was the last of the tries. The detail is that of the try."""
    if isinstance(error, DecoderLimitError):
        return Reason("beyond_limits", _BEYOND_LIMITS)
    is_missing = isinstance(error, UnavailableError) and (
        error.code in ("content_not_ready", "not_a_video") and error.status is not None and error.status < 500
    )
    if is_missing:
        return Reason("no_file", _NO_FILE)
    return Reason("download_failed", _NOT_DOWNLOADED)


def _fetch_and_store(video: Video, token: uuid.UUID) -> None:
    if video.attempts > 1:  # what a killed attempt left may be the room that this one needs
        _remove_leftovers(video, token, keep_result=True)
    with workspace(token) as folder, _heartbeat(video, token) as heartbeat:
        path = folder / "video.mp4"
        inline = inline_results.load_result(folder_of(video), video.backend_job_id)
        if inline.file:
            inline.copy_to(path)
        else:
            _download(video, path, heartbeat, url=inline.url or None)
        facts, layout = _inspect(video, path, is_final=bool(inline.file))
        concat_failure = None
        if video.concat_with_source:
            whole, concat_failure = concat.join_to_source(video, path, check=heartbeat.check)
            facts = whole or facts
        copy = browser_copy.make(
            path, facts, worker_budget(), max_seconds=COPY_SECONDS, check=heartbeat.check
        )
        with _uploads(f"{folder_of(video)}/{token.hex}") as uploads:
            with story.span("keep", video):
                stored = _upload_all(video, path, facts, copy, worker_budget(), uploads, layout=layout)
            if not lifecycle.complete(video.pk, token, stored, concat_failure=concat_failure):
                raise LeaseLostError
    _measure_storing(video)
    _remove_leftovers(video, token, keep_result=False)
    storage_use.tell(video.owner_id)


def _measure_storing(video: Video) -> None:
    if video.generated_at:
        seconds = (timezone.now() - video.generated_at).total_seconds()
        STORE_SECONDS.observe(max(0.0, seconds), backend=video.backend.name)


def _heartbeat(video: Video, token: uuid.UUID) -> Heartbeat:
    return Heartbeat(lambda: lifecycle.renew_lease(video.pk, token, lease=LEASE), every=RENEW_EVERY)


def _inspect(video: Video, path: Path, *, is_final: bool) -> tuple[VideoFacts, ScrubSheet | None]:
    """Inspect the file, and make its pictures in the same process where they are of this file.

    Raises `NotAVideoError`; `BadDeliveryError` when no other will come (`is_final`).
    """
    try:
        if video.concat_with_source:
            return inspect_video(path, worker_budget()), None
        try:
            return inspect_with_pictures(path, *_pictures_beside(path), worker_budget())
        except (
            DecoderLimitError,
            DecoderDiedError,
        ):  # perhaps of the pictures, without which it is a video too
            return inspect_video(path, worker_budget()), None
    except NotAVideoError as error:
        if is_final:
            raise BadDeliveryError(f"{error} {error.detail}") from error
        raise


def _download(video: Video, target: Path, heartbeat: Heartbeat, *, url: str | None) -> None:
    """Stream the file to `target` with bounded memory, and no longer than the lease is ours."""
    with (
        story.span("download", video),
        clients.client_for(video.backend) as client,
        client.download(video.backend_job_id, url) as chunks,
        target.open("wb") as file,
    ):
        for chunk in chunks:
            file.write(chunk)
            DOWNLOADED.add(len(chunk), backend=video.backend.name)
            heartbeat.check()
    logger.info("Video %s: downloaded %d bytes", video.public_id, target.stat().st_size)


class _Uploads:
    """Uploads to a folder of storage that belongs to one lease, so that two workers never share a name."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def add(self, path: Path) -> str:
        """Upload the file and return its name in storage."""
        with path.open("rb") as file:
            return default_storage.save(f"{self.folder}/{path.name}", File(file))


@contextmanager
def _uploads(folder: str) -> Iterator[_Uploads]:
    """Yield uploads to `folder`, which are deleted again when the block raises."""
    uploads = _Uploads(folder)
    try:
        yield uploads
    except BaseException:
        try:
            remove_folder(folder)
        except OSError:  # logged, because it must not hide what went wrong first; the next attempt removes it
            logger.exception("The files in %s could not be removed", folder)
        raise


@contextmanager
def stored_files(video: Video, path: Path, facts: VideoFacts, budget: Budget) -> Iterator[StoredFiles]:
    """Store an inspected file that no backend made, with its poster and scrub sheet, and yield their names.

    All are deleted again when the block raises. Making the pictures takes what is left of the `budget`; the
    file goes without those that this does not suffice for. Raises `DecoderBusyError`.
    """
    with _uploads(f"{folder_of(video)}/{uuid.uuid4().hex}") as uploads:
        copy = browser_copy.make(
            path,
            facts,
            budget,
            max_seconds=QUICK_COPY_SECONDS,
            max_cpu_seconds=QUICK_COPY_CPU_SECONDS,
        )
        yield _upload_all(video, path, facts, copy, budget, uploads)


def folder_of(video: Video) -> str:
    """Return the folder in storage that holds all of a video's files."""
    return f"videos/{video.owner_id}/{video.public_id}"


def _upload_all(
    video: Video,
    path: Path,
    facts: VideoFacts,
    copy: BrowserCopy | None,
    budget: Budget,
    uploads: _Uploads,
    *,
    layout: ScrubSheet | None = None,
) -> StoredFiles:
    """Upload the video, its copy for browsers if any, a poster and a scrub sheet.

    The last two are made unless the sheet's `layout` is given, and it goes without them where that fails.
    """
    path = path.rename(path.with_suffix(facts.container.suffix))
    pictured = copy.path if copy else path
    poster, sheet = _pictures_beside(path)
    layout = layout or _make_pictures(video, pictured, poster, sheet, budget)
    names = {picture: uploads.add(picture) for picture in (poster, sheet) if picture.exists()}
    return StoredFiles(
        file=uploads.add(path),
        byte_count=facts.byte_count,
        sha256=facts.sha256,
        width=facts.width,
        height=facts.height,
        duration=facts.duration_seconds,
        poster=names.get(poster, ""),
        scrub_sheet=names.get(sheet, ""),
        scrub_frames=layout.count if layout else 0,
        scrub_columns=layout.columns if layout else 0,
        container=facts.container.name,
        codec=facts.codec_name,
        browser_file=uploads.add(copy.path) if copy else "",
        browser_byte_count=copy.byte_count if copy else None,
        browser_sha256=copy.sha256 if copy else "",
        picture_bytes=sum(picture.stat().st_size for picture in names),
    )


def _pictures_beside(path: Path) -> tuple[Path, Path]:
    return path.with_name("poster.webp"), path.with_name("scrub.jpg")


def _make_pictures(
    video: Video, pictured: Path, poster: Path, sheet: Path, budget: Budget
) -> ScrubSheet | None:
    """Make both pictures, as far as that is possible. Returns the layout of the sheet, if there is one."""
    try:
        return make_pictures(pictured, poster, sheet, budget)
    except OSError:
        raise  # a full disk is the video's problem too
    except Exception:
        logger.exception("Video %s has no poster or scrub sheet", video.public_id)
        return None


def _remove_leftovers(video: Video, token: uuid.UUID, *, keep_result: bool) -> None:
    """Remove what attempts left that were killed between storing their files and writing the row.

    `keep_result` spares what came with the reply to the submission, which is still needed.
    """
    try:
        folders, _ = default_storage.listdir(folder_of(video))
        for folder in folders:
            if folder != token.hex and not (keep_result and inline_results.is_result(folder)):
                remove_folder(f"{folder_of(video)}/{folder}")
    except FileNotFoundError:
        return  # nothing was ever stored
    except OSError:
        logger.exception("Leftover files of video %s could not be removed", video.public_id)


def remove_folder(name: str) -> None:
    """Remove a folder of storage with all in it. One that does not exist is fine."""
    try:
        folders, files = default_storage.listdir(name)
    except FileNotFoundError:
        return
    for folder in folders:
        remove_folder(f"{name}/{folder}")
    for file in files:
        default_storage.delete(f"{name}/{file}")
    default_storage.delete(name)


def _retry_or_fail(
    video: Video, token: uuid.UUID, reason: Reason, retry_for: timedelta, final: Reason
) -> None:
    """Try again later, or give up after so many failing tries that regular ones would fill `retry_for`.

    A download that was given up is tried once more now and then, for a day (`late_checks`).
    """
    now = timezone.now()
    failed_downloads = video.failed_downloads + (retry_for == DOWNLOAD_RETRY_FOR)
    tries = failed_downloads if retry_for == DOWNLOAD_RETRY_FOR else video.attempts
    if _time_filled_by(tries) >= retry_for.total_seconds():
        has_file = final.code != "no_file"
        retry_at = time_limits.next_late_check(video.late_since, now) if has_file else None
        lifecycle.fail_storing(video.pk, token, replace(final, detail=reason.detail), retry_at=retry_at)
        return
    delay = pacing.backoff(video.attempts - 1, first=FIRST_RETRY_DELAY, longest=MAX_RETRY_DELAY)
    due_at = now + timedelta(seconds=delay)
    lifecycle.postpone_storing(video.pk, token, reason, due_at=due_at, failed_downloads=failed_downloads)


def _time_filled_by(tries: int) -> float:
    """The seconds that so many tries fill, with the regular distances between them."""
    return sum(min(MAX_RETRY_DELAY, FIRST_RETRY_DELAY * 2.0 ** min(number, 10)) for number in range(tries))
