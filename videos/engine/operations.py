"""The calls that can ask a backend for a video: a create, or one that names or sends its source."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from videos.backends.requests import ClipFile
from videos.backends.responses import Job
from videos.containers import container_of
from videos.engine.clients import Client
from videos.engine.request_images import ImageFiles
from videos.models import Kind, Video

SendRequest = Callable[[Client], Job]


class SourceGoneError(Exception):
    """The source of a remix, an edit or an extension, or its file, no longer exists."""


@dataclass(frozen=True)
class Operation:
    """A call, and its `source`: a job's id (empty where there is none), or the video whose file to send."""

    call: Callable[[Client, str | ClipFile], Job]
    source: str | Video = ""

    @contextmanager
    def prepare(self) -> Generator[SendRequest]:
        """Yield the function that sends the request. A file to be sent is open while the block runs.

        Raises `SourceGoneError` when that file cannot be opened.
        """
        if isinstance(self.source, str):
            job_id = self.source
            yield lambda client: self.call(client, job_id)
            return
        try:
            # Servers take an ordinary MP4; one that made an AVI may not read it.
            file = self.source.playable_file.open("rb")
        except (OSError, ValueError) as error:
            raise SourceGoneError(repr(error)) from error
        with file:
            clip = ClipFile(f"video{container_of(file.name).suffix}", cast("BinaryIO", file))
            yield lambda client: self.call(client, clip)


def check_source(video: Video) -> None:
    """Raise `SourceGoneError` when `video` needs a source that no longer exists."""
    source = video.source
    if video.kind == Kind.CREATE:
        return
    if source is None:
        raise SourceGoneError("the source's row was deleted")
    if video.kind == Kind.REMIX:
        if not source_job_id(source, video):
            raise SourceGoneError("the source is no job of this backend")
    elif not source.file or not source.file.storage.exists(str(source.playable_file.name)):
        raise SourceGoneError("the source's file is not in storage")


def operations_for(video: Video, images: ImageFiles) -> Sequence[Operation]:
    """Return the operations that can make `video`, whose source exists, the best first.

    The next one may be tried only when the backend answered that it does not know the source.
    """
    source = video.source
    if source is None or video.concat_with_source:
        return [_create(video, images)]
    job_id = source_job_id(source, video)
    if video.kind == Kind.REMIX:
        return [Operation(partial(_remix, video, job_id), job_id)]
    with_file = Operation(partial(_edit_or_extend, video, _key_for_file(video)), source)
    return (
        [Operation(partial(_edit_or_extend, video, video.idempotency_key), job_id), with_file]
        if job_id
        else [with_file]
    )


def source_job_id(source: Video, video: Video) -> str:
    """Return the job that holds all of `source` at the backend of `video`; empty when there is none there.

    Of a video that was concatenated here the backend knows only the last part, and the studio may have let
    go of the job.
    """
    if source.backend_id != video.backend_id or source.concat_with_source or source.job_deleted_at:
        return ""
    return source.backend_job_id


def _create(video: Video, images: ImageFiles) -> Operation:
    characters = [character.backend_character_id for character in video.characters.all()]

    def call(client: Client, _: str | ClipFile) -> Job:
        return client.create(
            prompt=video.prompt,
            model=video.model,
            seconds=video.seconds,
            size=video.size,
            reference=images.reference,
            last_frame=images.last_frame,
            references=images.references,
            characters=characters,
            parameters=video.sent_parameters,
            idempotency_key=video.idempotency_key,
        )

    return Operation(call)


def _key_for_file(video: Video) -> str:
    """A backend that honors keys refuses one that comes with another request than before, and the file is
    sent after a request that named its job.
    """
    return video.idempotency_key and f"{video.idempotency_key}-file"


def _remix(video: Video, job_id: str, client: Client, _: str | ClipFile) -> Job:
    return client.remix(job_id, video.prompt, model=video.model, idempotency_key=video.idempotency_key)


def _edit_or_extend(video: Video, key: str, client: Client, source: str | ClipFile) -> Job:
    if video.kind == Kind.EDIT:
        return client.edit(video.prompt, source, model=video.model, idempotency_key=key)
    return client.extend(video.prompt, video.seconds, source, model=video.model, idempotency_key=key)
