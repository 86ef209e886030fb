"""What somebody asks for that costs money, as a value: carried out at once, or kept and carried out later."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts import roles
from accounts.models import User
from videos.models import Batch, Character, Collection, Fit, ReferenceImage, RequestKind, RowState, Video
from videos.services.batches import failed_videos, resume_batch, retry_failed, start_batch
from videos.services.derivations import edit_videos, extend_videos, remix_videos
from videos.services.generation_requests import GenerationRequest, Take, validate_request
from videos.services.images import RequestImages
from videos.services.video_actions import resubmit_video, retry_video
from videos.services.videos import create_videos

IMAGE_GONE = gettext_lazy("An image of this request was deleted.")
CHARACTER_GONE = gettext_lazy("A character of this request was deleted.")
COLLECTION_GONE = gettext_lazy("A collection of this request was deleted.")
VIDEO_GONE = gettext_lazy("The video of this request was deleted.")
BATCH_GONE = gettext_lazy("The batch of this request was discarded.")
BATCH_CHANGED = gettext_lazy("The status of the batch has changed since.")
VIDEO_CHANGED = gettext_lazy("The status of the video has changed since.")


class VideoChangedError(ValidationError):
    """The status of the video does not allow to submit it once more."""

    def __init__(self) -> None:
        super().__init__({"video": VIDEO_CHANGED})


class BatchChangedError(ValidationError):
    """The status of the batch does not allow what was asked for."""

    def __init__(self) -> None:
        super().__init__({"batch": BATCH_CHANGED})


class BatchAct(StrEnum):
    """What can be done with a batch that costs something."""

    START = "start"
    RESUME = "resume"
    RETRY = "retry"


class PaidRequest(ABC):
    """A request that a service has found valid, or refused for its price alone."""

    kind: RequestKind
    prompt: str
    model: str

    @property
    def count(self) -> int:
        """How many videos it is."""
        return 1

    @property
    def about(self) -> Batch | None:
        """The batch that it is about, if any."""
        return None

    @property
    def identity(self) -> Mapping[str, Any] | None:
        """By which fields one that waits is found; None for what may wait several times."""
        return None

    @abstractmethod
    def carry_out(self, owner: User) -> list[Video]:
        """Queue its videos, all or none, and return them. Raises what the service raises."""

    @abstractmethod
    def as_data(self) -> dict[str, Any]:
        """Return it as JSON values, for `read_request`. Its images must be kept."""

    @contextmanager
    def stored(self, owner: User) -> Iterator["PaidRequest"]:
        """Write the files that came along with it, and yield the same request. Not in a transaction.

        What is not kept when the block ends is removed. Raises what `carry_out` raises for files that it
        does not need.
        """
        yield self

    def kept(self, owner: User) -> "PaidRequest":
        """Keep what came along with it and was stored, in the transaction that needs it."""
        return self

    @property
    def images(self) -> list[ReferenceImage]:
        """The kept images that it needs."""
        return []


@dataclass(frozen=True)
class NewVideos(PaidRequest):
    """Videos from prompts: one, takes, or the rows of a batch. `uploads` are images that all of them have and
    that may not be kept yet; None where those of the `requests` count.
    """

    requests: Sequence[GenerationRequest]
    uploads: RequestImages | None = None

    kind = RequestKind.CREATE

    @property
    def prompt(self) -> str:  # type: ignore[override]
        return self.requests[0].prompt

    @property
    def model(self) -> str:  # type: ignore[override]
        return self.requests[0].model

    @property
    def count(self) -> int:
        return len(self.requests)

    def carry_out(self, owner: User) -> list[Video]:
        return create_videos(owner, self.kept(owner).requests)

    @contextmanager
    def stored(self, owner: User) -> Iterator["NewVideos"]:
        if self.uploads is None:
            yield self
            return
        roles.require_creator(owner)
        validate_request(self.requests[0], self.uploads)
        with self.uploads.stored(owner) as uploads:
            yield replace(self, uploads=uploads)

    def kept(self, owner: User) -> "NewVideos":
        if self.uploads is None:
            return self
        rows = self.uploads.keep(owner)
        return NewVideos([replace(each, **rows) for each in self.requests])

    @property
    def images(self) -> list[ReferenceImage]:
        found = (image for request in self.requests for image in request.images)
        return list({image.pk: image for image in found if isinstance(image, ReferenceImage)}.values())

    def as_data(self) -> dict[str, Any]:
        return {"requests": [_generation_data(each) for each in self.requests]}


@dataclass(frozen=True)
class Derivation(PaidRequest):
    """A remix, edit or extension of `source`, in so many `takes`; `seconds` are those of an extension."""

    kind: RequestKind
    source: Video
    prompt: str
    seconds: int = 0
    accepted_terms: frozenset[str] = field(default_factory=frozenset)
    takes: int = 1

    @property
    def model(self) -> str:  # type: ignore[override]
        return self.source.model

    @property
    def count(self) -> int:
        return self.takes

    def carry_out(self, owner: User) -> list[Video]:
        options: Any = {"takes": self.takes, "accepted_terms": self.accepted_terms}
        if self.kind == RequestKind.REMIX:
            return remix_videos(owner, self.source, self.prompt, **options)
        if self.kind == RequestKind.EDIT:
            return edit_videos(owner, self.source, self.prompt, **options)
        return extend_videos(owner, self.source, self.prompt, self.seconds, **options)

    def as_data(self) -> dict[str, Any]:
        terms = sorted(self.accepted_terms)
        fields = {"prompt": self.prompt, "seconds": self.seconds, "accepted_terms": terms}
        return {"source": self.source.pk, "takes": self.takes, **fields}


@dataclass(frozen=True)
class Resubmission(PaidRequest):
    """One more submission of a video that failed, or of one that needs a decision."""

    kind: RequestKind
    video: Video

    @property
    def prompt(self) -> str:  # type: ignore[override]
        return self.video.prompt

    @property
    def model(self) -> str:  # type: ignore[override]
        return self.video.model

    def carry_out(self, owner: User) -> list[Video]:
        """As others do; raises `VideoChangedError` where the video's status allows it no longer."""
        roles.require_creator(owner)
        submit = retry_video if self.kind == RequestKind.RETRY else resubmit_video
        if not submit(self.video):
            raise VideoChangedError
        return [self.video]

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"kind": self.kind, "data__video": self.video.pk}

    def as_data(self) -> dict[str, Any]:
        return {"video": self.video.pk}


@dataclass(frozen=True)
class BatchRequest(PaidRequest):
    """A batch that starts, goes on after it has stopped, or whose failed videos are retried.

    Its price is that of all of it. With `partly` it starts though a budget has too little left.
    """

    batch: Batch
    act: BatchAct
    partly: bool = False

    kind = RequestKind.BATCH

    @property
    def prompt(self) -> str:  # type: ignore[override]
        return str(self._first["prompt"])

    @property
    def model(self) -> str:  # type: ignore[override]
        return str(self._first["model"])

    @property
    def about(self) -> Batch:
        return self.batch

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"batch": self.batch}

    @cached_property
    def _first(self) -> Mapping[str, Any]:
        rows = self.batch.rows.order_by("number")
        if self.act == BatchAct.RETRY:
            rows = rows.filter(video__in=failed_videos(self.batch))
        row = rows.first()
        return row.request if row else {"prompt": self.batch.name, "model": ""}

    @property
    def count(self) -> int:
        if self.act == BatchAct.RETRY:
            return failed_videos(self.batch).count()
        return self.batch.rows.filter(state=RowState.WAITING).count()

    def carry_out(self, owner: User) -> list[Video]:
        """As others do, except that workers create its videos later. Raises `BatchChangedError` where the
        batch's status allows it no longer.
        """
        match self.act:
            case BatchAct.START:
                done = start_batch(self.batch, partly=self.partly)
            case BatchAct.RESUME:
                done = resume_batch(self.batch)
            case BatchAct.RETRY:
                done = retry_failed(self.batch)
        if not done:
            raise BatchChangedError
        return []

    def as_data(self) -> dict[str, Any]:
        return {"batch": self.batch.pk, "act": str(self.act), "partly": self.partly}


# --- Reading what was kept ---------------------------------------------------------------------------------


def read_request(owner: User, kind: str, data: Mapping[str, Any]) -> PaidRequest:
    """Return the owner's request that `as_data` wrote. A few queries, however many videos it is.

    Raises `ValidationError` with a sentence where something that it needs is gone.
    """
    what = RequestKind(kind)
    if what == RequestKind.CREATE:
        return NewVideos(_read_generation_requests(owner, data["requests"]))
    if what == RequestKind.BATCH:
        own = Batch.objects.owned_by(owner).select_related("owner", "token")
        if (batch := own.filter(pk=data["batch"]).first()) is None:
            raise _gone(BATCH_GONE)
        return BatchRequest(batch, BatchAct(data["act"]), data["partly"])
    video = Video.objects.owned_by(owner).select_related("backend", "owner")
    found = video.filter(pk=data.get("video", data.get("source"))).first()
    if found is None:
        raise _gone(VIDEO_GONE)
    if what in (RequestKind.RETRY, RequestKind.SUBMIT_AGAIN):
        return Resubmission(what, found)
    terms = frozenset(data["accepted_terms"])
    takes = data.get("takes", 1)  # of what waits since before there were any
    return Derivation(what, found, data["prompt"], data["seconds"], terms, takes)


def _generation_data(request: GenerationRequest) -> dict[str, Any]:
    take = request.take
    return {
        "prompt": request.prompt,
        "model": request.model,
        "seconds": request.seconds,
        "size": request.size,
        "reference": request.reference.pk if request.reference else None,
        "last_frame": request.last_frame.pk if request.last_frame else None,
        "references": [image.pk for image in request.references],
        "fit": str(request.fit),
        "characters": [character.pk for character in request.characters],
        "parameters": dict(request.parameters),
        "take": [take.number, take.of, str(take.group) if take.group else None],
        "backend": request.backend,
        "accepted_terms": sorted(request.accepted_terms),
        "collections": [collection.pk for collection in request.collections],
    }


def _read_generation_requests(owner: User, rows: Sequence[Mapping[str, Any]]) -> list[GenerationRequest]:
    image_ids = {
        pk
        for row in rows
        for pk in (row["reference"], row["last_frame"], *row["references"])
        if pk is not None
    }
    images = ReferenceImage.objects.filter(owner=owner).in_bulk(image_ids)
    if len(images) < len(image_ids):
        raise _gone(IMAGE_GONE)
    character_ids = {pk for row in rows for pk in row["characters"]}
    own = Character.objects.filter(owner=owner, deleted_at=None)
    characters = own.in_bulk(character_ids)
    if len(characters) < len(character_ids):
        raise _gone(CHARACTER_GONE)
    collection_ids = {pk for row in rows for pk in row["collections"]}
    collections = Collection.objects.existing().in_bulk(collection_ids)
    if len(collections) < len(collection_ids):
        raise _gone(COLLECTION_GONE)
    return [_read_generation_request(row, images, characters, collections) for row in rows]


def _read_generation_request(
    row: Mapping[str, Any],
    images: Mapping[int, ReferenceImage],
    characters: Mapping[int, Character],
    collections: Mapping[int, Collection],
) -> GenerationRequest:
    number, of, group = row["take"]
    return GenerationRequest(
        prompt=row["prompt"],
        model=row["model"],
        seconds=row["seconds"],
        size=row["size"],
        reference=None if row["reference"] is None else images[row["reference"]],
        fit=Fit(row["fit"]),
        characters=tuple(characters[pk] for pk in row["characters"]),
        parameters=row["parameters"],
        take=Take(number, of, UUID(group) if group else None),
        last_frame=None if row["last_frame"] is None else images[row["last_frame"]],
        references=tuple(images[pk] for pk in row["references"]),
        backend=row["backend"],
        accepted_terms=frozenset(row["accepted_terms"]),
        collections=tuple(collections[pk] for pk in row["collections"]),
    )


def _gone(sentence: StrOrPromise) -> ValidationError:
    return ValidationError({NON_FIELD_ERRORS: sentence})
