"""In which ways a video can be asked for: a create, or a call that names or sends its source."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from videos.backends.client import Client, ClipFile, ReferenceFile
from videos.backends.responses import Job
from videos.models import Kind, Video

Ask = Callable[[Client], Job]


class SourceGoneError(Exception):
    """The video that another was to be made from, or its file, is not there any more."""


@dataclass(frozen=True)
class Operation:
    """One way: a call, and as its `source` a job's id (empty without a source) or the video to send."""

    call: Callable[[Client, str | ClipFile], Job]
    source: str | Video = ""

    @contextmanager
    def opened(self) -> Generator[Ask]:
        """The call, with the file open while the block runs. Raises `SourceGoneError`."""
        if isinstance(self.source, str):
            job_id = self.source
            yield lambda client: self.call(client, job_id)
            return
        try:
            file = self.source.file.open("rb")
        except (OSError, ValueError) as error:
            raise SourceGoneError(repr(error)) from error
        with file:
            clip = ClipFile("video.mp4", cast("BinaryIO", file))
            yield lambda client: self.call(client, clip)


def check_source(video: Video) -> None:
    """Raise `SourceGoneError` when `video` is to be made from one that is not there."""
    source = video.source
    if video.kind == Kind.CREATE:
        return
    if source is None:
        raise SourceGoneError("the source's row was deleted")
    if video.kind == Kind.REMIX:
        if not job_of(source, video):
            raise SourceGoneError("the source is no job of this backend")
    elif not source.file or not source.file.storage.exists(str(source.file.name)):
        raise SourceGoneError("the source's file is not in storage")


def operations_for(video: Video, reference: ReferenceFile | None) -> Sequence[Operation]:
    """Return the ways to ask for `video`, whose source is there, the best first. Only a backend that said
    that it does not know the source may be asked in the next one.
    """
    source = video.source
    if source is None or video.concat_with_source:
        return [_create(video, reference)]
    job_id = job_of(source, video)
    if video.kind == Kind.REMIX:
        return [Operation(lambda client, _: client.remix(job_id, video.prompt), job_id)]
    call = partial(_from_video, video)
    return [Operation(call, job_id), Operation(call, source)] if job_id else [Operation(call, source)]


def job_of(source: Video, video: Video) -> str:
    """The job that holds the whole of `source` at the backend of `video`; empty when there is none there.

    Of a film that was joined here the backend knows only the last piece.
    """
    if source.backend_id != video.backend_id or source.concat_with_source:
        return ""
    return source.backend_job_id


def _create(video: Video, reference: ReferenceFile | None) -> Operation:
    characters = [character.backend_character_id for character in video.characters.all()]

    def call(client: Client, _: str | ClipFile) -> Job:
        return client.create(
            prompt=video.prompt,
            model=video.model,
            seconds=video.seconds,
            size=video.size,
            reference=reference,
            characters=characters,
        )

    return Operation(call)


def _from_video(video: Video, client: Client, source: str | ClipFile) -> Job:
    if video.kind == Kind.EDIT:
        return client.edit(video.prompt, source)
    return client.extend(video.prompt, video.seconds, source)
