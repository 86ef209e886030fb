"""Making the finished file ours: download, check, poster and scrub sheet, storage, and only then the row."""

import errno
import logging
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.utils import timezone

from videos import lifecycle
from videos.backends.errors import BackendError
from videos.engine import clients, concat, inline_results, pacing
from videos.lifecycle import Reason, StoredFiles
from videos.media.inspect import NotAVideo, VideoFacts, inspect_video
from videos.media.poster import make_poster, make_scrub_sheet
from videos.models import Video

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)  # of a worker that may have died; renewed for as long as it lives
RENEW_EVERY = 8.0  # seconds
FETCH_FOR = timedelta(minutes=15)  # how long a backend may fail to hand out a finished file
KEEP_TRYING_FOR = timedelta(hours=24)  # how long our own storage may fail to take it

_UNAVAILABLE = "The video is finished, but the backend does not hand it out yet. We keep trying."
_DAMAGED = "The video is finished, but what arrived was not a whole video. We fetch it again."
_DISK_FULL = "The video is finished, but the studio's disk is full. It is fetched as soon as there is room."
_STORAGE_DOWN = "The video is finished, but the studio's storage does not take it right now. We keep trying."
_FAULT = "The video is finished, but the studio stumbled over storing it. We try again."
_NO_VIDEO = "The backend delivered something that is not a video, so there is nothing to keep."
_NOT_FETCHED = "The video was made, but it could not be downloaded. Check again tries once more, at no cost."


class LeaseLostError(Exception):
    """Another worker has taken over, or the video was canceled."""


class BadDeliveryError(Exception):
    """What came with the reply to the submission is no video, and there will be no other."""


def store(video_id: int) -> None:
    """Fetch and keep the file of a finished job, if nobody else is doing so.

    Trying again never generates again. Until the last step readers see nothing, and a worker that lost its
    lease removes what it wrote.
    """
    token = lifecycle.claim_storing(video_id, lease=LEASE)
    if token is None:
        return
    video = Video.objects.select_related("backend", "source").get(pk=video_id)
    try:
        _fetch_and_keep(video, token)
    except LeaseLostError:
        logger.info("Video %s is stored or canceled elsewhere", video.public_id)
    except BadDeliveryError as error:
        lifecycle.fail_storing(video.pk, token, Reason("not_a_video", _NO_VIDEO, str(error)))
    except Exception as error:  # noqa: BLE001  # whatever it is, the finished video must not be left lying
        _try_later(video, token, *_diagnosis(video, error))


def _diagnosis(video: Video, error: Exception) -> tuple[Reason, timedelta]:
    """What to tell, and for how long to keep trying."""
    if isinstance(error, BackendError):
        return Reason("not_fetched", _UNAVAILABLE, f"{error.message} {error.detail}"), FETCH_FOR
    if isinstance(error, NotAVideo):
        return Reason("not_a_video", _DAMAGED, f"{error} {error.detail}"), FETCH_FOR
    logger.error("Video %s cannot be stored yet", video.public_id, exc_info=error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Reason("disk_full", _DISK_FULL, repr(error)), KEEP_TRYING_FOR
    if isinstance(error, OSError):
        return Reason("storage_down", _STORAGE_DOWN, repr(error)), KEEP_TRYING_FOR
    return Reason("storing_failed", _FAULT, repr(error)), FETCH_FOR


def _fetch_and_keep(video: Video, token: uuid.UUID) -> None:
    with workspace(token) as folder, _Heartbeat(video.pk, token) as heartbeat:
        path = folder / "video.mp4"
        delivery = inline_results.load_result(folder_of(video), video.backend_job_id)
        if delivery.file:
            delivery.copy_to(path)
        else:
            _download(video, path, heartbeat, url=delivery.url or None)
        facts = _inspected(path, is_final=bool(delivery.file))
        alone = None
        if video.concat_with_source:
            whole, alone = concat.join_to_source(video, path, check=heartbeat.check)
            facts = whole or facts
        with _saved(video, token) as save:
            stored = _keep(video, path, facts, save)
            if not lifecycle.complete(video.pk, token, stored, alone=alone):
                raise LeaseLostError
    _remove_left_overs(video, token)


def _inspected(path: Path, *, is_final: bool) -> VideoFacts:
    try:
        return inspect_video(path)
    except NotAVideo as error:
        if is_final:
            raise BadDeliveryError(f"{error} {error.detail}") from error
        raise


class _Heartbeat:
    """Keeps a lease, from a thread of its own, for as long as this process lives and the `with` block runs.

    So the lease need not be as long as the longest download or the slowest check: soon after a worker has
    died, another one takes over.
    """

    def __init__(self, pk: int, token: uuid.UUID) -> None:
        self.lost = False
        self._pk = pk
        self._token = token
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """Raise LeaseLostError once the lease is another's."""
        if self.lost:
            raise LeaseLostError

    def _beat(self) -> None:
        try:
            while not self.lost and not self._over.wait(RENEW_EVERY):
                self._renew()
        finally:
            connection.close()  # this thread's own

    def _renew(self) -> None:
        try:
            self.lost = not lifecycle.renew_lease(self._pk, self._token, lease=LEASE)
        except DatabaseError as error:
            logger.warning("The lease of video row %s could not be renewed yet: %s", self._pk, error)


@contextmanager
def workspace(token: uuid.UUID) -> Iterator[Path]:
    """A folder on the disk for the holder of a lease. What a killed one leaves is removed by the sweep."""
    _tmp().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=_tmp(), prefix=f"store-{token.hex}-") as folder:
        yield Path(folder)


def _tmp() -> Path:
    folder: Path = settings.DATA_DIR / "tmp"
    return folder


def remove_abandoned() -> None:
    """Remove what downloads whose worker was killed, or lost its lease, left among the temporary files."""
    folders = list(_tmp().glob("store-*"))
    if not folders:
        return
    # Asked after looking: a folder is made only after its lease.
    held = Video.objects.filter(lease_token__isnull=False).values_list("lease_token", flat=True)
    alive = {token.hex for token in held if token is not None}
    for folder in folders:
        if folder.name.split("-")[1] not in alive:
            shutil.rmtree(folder, ignore_errors=True)


def _download(video: Video, target: Path, heartbeat: _Heartbeat, *, url: str | None) -> None:
    """Stream the file to `target` with bounded memory, and no longer than the lease is ours."""
    with (
        clients.client_for(video.backend) as client,
        client.download(video.backend_job_id, url) as chunks,
        target.open("wb") as file,
    ):
        for chunk in chunks:
            file.write(chunk)
            heartbeat.check()


class _Saver:
    """Writes into a folder of storage that belongs to one lease, so that two workers never share a name."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.names: list[str] = []

    def __call__(self, path: Path) -> str:
        with path.open("rb") as file:
            name = default_storage.save(f"{self.folder}/{path.name}", File(file))
        self.names.append(name)
        return name


@contextmanager
def _saved(video: Video, token: uuid.UUID) -> Iterator[_Saver]:
    """Hand out a saver; what it saved is removed again when the block raises."""
    save = _Saver(f"{folder_of(video)}/{token.hex}")
    try:
        yield save
    except BaseException:
        for name in save.names:
            default_storage.delete(name)
        raise


@contextmanager
def kept(video: Video, path: Path, facts: VideoFacts) -> Iterator[StoredFiles]:
    """Keep a file that no backend made, inspected already, with its poster and scrub sheet.

    All are removed again when the block raises.
    """
    with _saved(video, uuid.uuid4()) as save:
        yield _keep(video, path, facts, save)


def folder_of(video: Video) -> str:
    """The folder in storage that holds all of a video's files."""
    return f"videos/{video.owner_id}/{video.public_id}"


def _keep(video: Video, path: Path, facts: VideoFacts, save: _Saver) -> StoredFiles:
    poster = scrub_sheet = ""
    frames = columns = 0
    try:
        make_poster(path, path.with_name("poster.webp"))
        poster = save(path.with_name("poster.webp"))
        sheet = make_scrub_sheet(path, path.with_name("scrub.jpg"))
        scrub_sheet, frames, columns = save(path.with_name("scrub.jpg")), sheet.count, sheet.columns
    except OSError:
        raise  # a full disk is the video's problem too
    except Exception:
        logger.exception("Video %s has no poster or scrub sheet", video.public_id)
    return StoredFiles(
        file=save(path),
        byte_count=facts.byte_count,
        sha256=facts.sha256,
        width=facts.width,
        height=facts.height,
        duration=facts.duration_seconds,
        poster=poster,
        scrub_sheet=scrub_sheet,
        scrub_frames=frames,
        scrub_columns=columns,
    )


def _remove_left_overs(video: Video, token: uuid.UUID) -> None:
    """Remove what an attempt left that was killed between saving its files and saying so."""
    try:
        folders, _ = default_storage.listdir(folder_of(video))
        for folder in folders:
            if folder != token.hex:
                remove_folder(f"{folder_of(video)}/{folder}")
    except OSError:
        logger.exception("Left-overs of video %s stay for now", video.public_id)


def remove_folder(name: str) -> None:
    """Remove a folder of storage with all in it. One that is not there is fine."""
    try:
        folders, files = default_storage.listdir(name)
    except FileNotFoundError:
        return
    for folder in folders:
        remove_folder(f"{name}/{folder}")
    for file in files:
        default_storage.delete(f"{name}/{file}")
    default_storage.delete(name)


def _try_later(video: Video, token: uuid.UUID, reason: Reason, patience: timedelta) -> None:
    now = timezone.now()
    if video.generated_at is not None and now - video.generated_at > patience:
        lifecycle.fail_storing(video.pk, token, Reason("download_failed", _NOT_FETCHED, reason.detail))
        return
    wait = pacing.backoff(video.attempts - 1, first=2, longest=60)
    lifecycle.postpone_storing(video.pk, token, reason, due_at=now + timedelta(seconds=wait))
