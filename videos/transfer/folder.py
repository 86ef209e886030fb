"""Bringing in a folder, or a ZIP, of video files: each becomes a completed video of one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from videos import lifecycle, subjects
from videos.capabilities import available_offers
from videos.containers import CONTAINERS
from videos.engine import store
from videos.engine.workspace import scratch_folder
from videos.media.errors import DecoderBusyError
from videos.media.sandbox import worker_budget
from videos.models import Backend, Collection, Video
from videos.services import collections
from videos.services.library import add_tag
from videos.transfer.archive import Archive, chunks_of
from videos.transfer.errors import RowError, TransferError
from videos.transfer.export import Report
from videos.transfer.places import Result
from videos.transfer.quota import Arrival, require_quota
from videos.transfer.room import require_room
from videos.transfer.sidecar import Told, find_sidecar, read_sidecar
from videos.transfer.stored import inspect

SUFFIXES = frozenset({*(container.suffix for container in CONTAINERS), ".m4v"})
_UNKNOWN_MODEL = "unknown"
_NOTE = "Imported from a folder."


@dataclass(frozen=True)
class Destination:
    """Whose the videos become, the collection that they are put into, and the tags that all of them get.

    `over_quota`: also where the owner's storage has no room for them.
    """

    owner: User
    collection: Collection | None = None
    tags: Sequence[str] = ()
    over_quota: bool = False


def bring_in_folder(archive: Archive, to: Destination, report: Report, *, is_dry: bool) -> Result:
    """Bring in every video file. One that its owner has already, byte for byte, is left alone.

    What cannot be taken over is named in the result, and the rest goes on. Raises `TransferError` where there
    is nothing to import, or no room for it.
    """
    found = [path for path in archive.paths if PurePosixPath(path).suffix.lower() in SUFFIXES]
    if not found:
        raise TransferError(f"There is no video in it: no file that ends in {', '.join(sorted(SUFFIXES))}.")
    require_room(sum(archive.size(path) for path in found))
    if not to.over_quota:
        require_quota([Arrival(to.owner, _size_of_new(archive, found, to.owner))])
    by_folded = {path.casefold(): path for path in archive.paths}
    result = Result()
    for number, path in enumerate(found, 1):
        try:
            is_new = _bring(archive, by_folded, path, to, is_dry=is_dry)
            (result.new if is_new else result.known)["videos"] += 1
        except RowError as error:
            sentence = str(error)
            result.problems.append(sentence if sentence.startswith(path) else f"{path}: {sentence}")
        report(number / len(found), f"{number:,} of {len(found):,} files")
    return result


def _size_of_new(archive: Archive, paths: Sequence[str], owner: User) -> int:
    """Return how many bytes the files take that the owner, by their sizes, does not have yet."""
    own = set(Video.objects.owned_by(owner).exclude(byte_count=None).values_list("byte_count", flat=True))
    return sum(size for path in paths if (size := archive.size(path)) not in own)


def _bring(archive: Archive, by_folded: dict[str, str], path: str, to: Destination, *, is_dry: bool) -> bool:
    sidecar = find_sidecar(archive, by_folded, path)
    told = read_sidecar(archive, sidecar) if sidecar else Told()
    with scratch_folder() as folder:
        copy = folder / f"video{PurePosixPath(path).suffix.lower()}"
        with copy.open("wb") as file:
            for chunk in chunks_of(archive, path, limit=settings.MAX_DOWNLOAD_SIZE):
                file.write(chunk)
        return _take(copy, archive, path, told, to, is_dry=is_dry)


def _take(copy: Path, archive: Archive, path: str, told: Told, to: Destination, *, is_dry: bool) -> bool:
    facts = inspect(copy)
    same = Video.objects.owned_by(to.owner).filter(sha256=facts.sha256, byte_count=facts.byte_count)
    if same.exists():
        return False
    if is_dry:
        return True
    backend, model = _maker(told)
    made_at = told.created_at or _modified(archive, path)
    video = Video(
        owner=to.owner,
        backend=backend,
        prompt=told.prompt or PurePosixPath(path).stem,
        model=told.model or model,
        size=f"{facts.width}x{facts.height}",
        seconds=max(1, round(facts.duration_seconds)),
        note=told.note,
        favourite=told.favourite,
        rating=told.rating,
    )
    if made_at is not None:
        video.created_at = made_at
    try:
        with store.stored_files(video, copy, facts, worker_budget()) as stored, transaction.atomic():
            created = lifecycle.create_imported(video, stored, finished_at=told.finished_at or made_at)
            _sort(created, told, to)
            record(Action.CREATED, subjects.video(created), note=_NOTE)
    except DecoderBusyError as error:
        raise RowError("it could not be looked at: every decoder is busy. Import it again.") from error
    return True


def _sort(video: Video, told: Told, to: Destination) -> None:
    try:
        for name in dict.fromkeys([*told.tags, *to.tags]):
            add_tag(to.owner, [video], name)
        if to.collection is not None:
            collections.add_videos(to.owner, to.collection, [video])
    except ValidationError as error:
        raise RowError(" ".join(error.messages)) from error


def _maker(told: Told) -> tuple[Backend, str]:
    """Return the backend and the model by which the video can be edited or extended here.

    Those of the model that it was made with, if it is offered here; else the default ones, as for an upload.
    """
    offers = available_offers()
    offer = offers.get(told.model) or offers.get(settings.DEFAULT_MODEL) or next(iter(offers.values()), None)
    if offer is not None:
        return offer.backend, offer.model.name
    return Backend.objects.first() or Backend.objects.simulator(), _UNKNOWN_MODEL


def _modified(archive: Archive, path: str) -> datetime | None:
    seconds = archive.modified(path)
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment if moment <= datetime.now(UTC) else None
