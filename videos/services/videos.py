"""Ask for videos, and act on them: what pages, APIs, the admin and commands call.

Videos made from another one are in `videos.services.derivations`, characters in `videos.services.characters`.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from videos import lifecycle
from videos.capabilities import Offer, available_offers
from videos.engine import enqueue
from videos.media.reference import Reference
from videos.models import Character, Fit, ReferenceImage, Video
from videos.models.values import Reason
from videos.services.references import keep_reference
from videos.validation import clean_text, has_visible_text, is_storable

MAX_PROMPT_LENGTH = 32_000  # characters, as the protocol has it
MAX_JOB_ID_LENGTH = 512  # characters, as the column holds
MAX_TAKES = 4  # of one request at a time, as many as can be compared side by side
MAX_CHARACTERS = 2  # in one video, as the protocol's guide had it
_INSERT_BATCH_SIZE = 500  # rows in one INSERT

ABANDONED = Reason("given_up", "Marked as failed: we couldn't confirm that the backend received this job.")


@dataclass(frozen=True)
class Take:
    """The place of a video among the takes of one request, all of which have the same `group`."""

    number: int = 1
    of: int = 1
    group: uuid.UUID | None = None


@dataclass(frozen=True)
class GenerationRequest:
    """What someone wants to see. `seconds` is the length of the video, `size` is WIDTHxHEIGHT in pixels."""

    prompt: str
    model: str
    seconds: int
    size: str
    reference: ReferenceImage | None = None
    fit: Fit = Fit.CROP
    characters: tuple[Character, ...] = ()
    take: Take = Take()


# --- Validating --------------------------------------------------------------------------------------------


def validate_prompt(prompt: str) -> None:
    """Raise `ValidationError`, with a sentence and no field, unless a video can be made from `prompt`."""
    if not has_visible_text(prompt):
        raise ValidationError("Write a prompt: what should the video show?")
    if len(prompt) > MAX_PROMPT_LENGTH:
        raise ValidationError(
            f"A prompt can have at most {MAX_PROMPT_LENGTH:,} characters; this one has {len(prompt):,}."
        )
    if not is_storable(prompt):
        raise ValidationError("The prompt contains a character that cannot be stored.")


def validate_takes(count: int) -> None:
    """Raise `ValidationError`, with a sentence and no field, if so many takes cannot be asked for at once."""
    if not 1 <= count <= MAX_TAKES:
        raise ValidationError(f"Choose 1 to {MAX_TAKES} takes.")


def validate_reference_support(offer: Offer) -> None:
    """Raise `ValidationError`, with a sentence and no field, if the offer's backend takes no reference image.

    A backend of which this is not known passes.
    """
    if not offer.takes_reference:
        raise ValidationError(
            f"{offer.model.label} on {offer.backend.name} does not support reference images."
            " Remove the image."
        )


def validate_request(request: GenerationRequest) -> None:
    """Raise `ValidationError`, by field, unless the catalogue offers exactly this now."""
    _validate_by_offers(request, available_offers())


def find_request_errors(requests: Sequence[GenerationRequest]) -> list[dict[str, str]]:
    """Return, for each request in turn, a sentence by field for what is wrong with it; empty if nothing is.

    The catalogue is read once, however many requests there are.
    """
    offers = available_offers()
    return [_request_errors(request, offers) for request in requests]


def _validate_by_offers(request: GenerationRequest, offers: Mapping[str, Offer]) -> None:
    if errors := _request_errors(request, offers):
        raise ValidationError(errors)


def _request_errors(request: GenerationRequest, offers: Mapping[str, Offer]) -> dict[str, str]:
    errors: dict[str, str] = {}
    try:
        validate_prompt(request.prompt)
    except ValidationError as error:
        errors["prompt"] = error.messages[0]
    return errors | find_catalogue_errors(request, offers)


def find_catalogue_errors(request: GenerationRequest, offers: Mapping[str, Offer]) -> dict[str, str]:
    """Return a sentence by field for what the offers cannot make of the request, whatever its prompt."""
    offer = offers.get(request.model)
    if offer is None:
        instead = f"Choose one of: {', '.join(offers)}." if offers else "No models are available right now."
        return {"model": f"There is no model “{request.model[:100]}”. {instead}"}
    errors: dict[str, str] = {}
    model = offer.model
    if request.seconds not in model.seconds:
        offered = ", ".join(str(seconds) for seconds in model.seconds)
        errors["seconds"] = f"{model.label} supports these durations: {offered} seconds."
    if request.size not in model.sizes:
        errors["size"] = f"{model.label} supports these sizes: {', '.join(model.sizes)}."
    if request.reference is not None:
        try:
            validate_reference_support(offer)
        except ValidationError as error:
            errors["reference"] = error.messages[0]
    if request.characters and (sentence := _find_character_error(request.characters, offer)):
        errors["characters"] = sentence
    return errors


def _find_character_error(characters: Sequence[Character], offer: Offer) -> str:
    """Return a sentence for what is wrong with the characters; empty if the offer's backend can use them."""
    if len(characters) > MAX_CHARACTERS:
        return f"A video can have at most {MAX_CHARACTERS} characters."
    if not offer.has_characters:
        return f"{offer.model.label} on {offer.backend.name} does not support characters. Remove them."
    elsewhere = [each.name for each in characters if each.backend_id != offer.backend.pk]
    if elsewhere:
        return f"{offer.backend.name} cannot use {elsewhere[0]}, a character of another backend."
    unready = [each.name for each in characters if not each.is_ready]
    return f"{unready[0]} is not ready yet." if unready else ""


# --- Creating ----------------------------------------------------------------------------------------------


def make_takes(request: GenerationRequest, count: int) -> list[GenerationRequest]:
    """Return `request` `count` times, as takes that belong together, for `create_videos`.

    Raises `ValidationError` by field (`takes`) for a count below one or above `MAX_TAKES`.
    """
    try:
        validate_takes(count)
    except ValidationError as error:
        raise ValidationError({"takes": error}) from error
    group = uuid.uuid4() if count > 1 else None
    return [replace(request, take=Take(number, count, group)) for number in range(1, count + 1)]


def create_video(owner: User, request: GenerationRequest) -> Video:
    """Queue the video and tell the workers. Raises `ValidationError` by field.

    Returns the queued video. It is submitted exactly once, even if a message is lost or delivered twice.
    """
    (video,) = create_videos(owner, [request])
    return video


def create_video_from_image(
    owner: User, request: GenerationRequest, image: Reference, *, file_name: str = ""
) -> Video:
    """Queue a video that starts from an opened image, which is kept among the owner's references and named as
    its file was.

    Returns and raises as `create_video` does. The request is validated before the image's file is written,
    because no rollback would remove the file.
    """
    validate_request(request)
    try:
        validate_reference_support(available_offers()[request.model])
    except ValidationError as error:
        raise ValidationError({"reference": error}) from error
    return create_video(owner, replace(request, reference=keep_reference(owner, image, file_name=file_name)))


def create_videos(owner: User, requests: Sequence[GenerationRequest]) -> list[Video]:
    """Queue all the videos, or none, and tell the workers. Returns the queued videos in order, each bound to
    the backend that serves its model.

    Raises `ValidationError` by field for the first request that the catalogue does not offer, and
    `RefusedPaymentError`, which is one too, where all of them together may not be paid for. One query
    inserts as many rows as the database takes at once: about 20 on SQLite, 500 on PostgreSQL. Each video is
    submitted exactly once, as with `create_video`.
    """
    with transaction.atomic():
        offers = available_offers()
        for request in requests:
            _validate_by_offers(request, offers)
        _mark_references_used([each.reference for each in requests if each.reference is not None])
        chosen = [offers[request.model] for request in requests]
        rows = [_build_video(owner, offer, request) for offer, request in zip(chosen, requests, strict=True)]
        videos = Video.objects.bulk_create(rows, batch_size=_INSERT_BATCH_SIZE)
        lifecycle.reserve(videos)
        for video, request in zip(videos, requests, strict=True):
            if request.characters:
                video.characters.set(request.characters)
        backends = [offer.backend for offer in chosen]
        # A hint for each that can start at once; what waits for a free slot is found by the next tick.
        for backend, count in Counter(backends).items():
            for _ in range(min(count, backend.max_in_flight)):
                enqueue.send_after_commit("submit", backend.pk)
    return videos


def _build_video(owner: User, offer: Offer, request: GenerationRequest) -> Video:
    return Video(
        owner=owner,
        backend=offer.backend,
        prompt=clean_text(request.prompt),
        model=request.model,
        seconds=request.seconds,
        size=request.size,
        reference=request.reference,
        reference_fit=request.fit,
        take=request.take.number,
        takes=request.take.of,
        take_group=request.take.group,
        price=offer.price(request.seconds, request.size),
    )


def _mark_references_used(images: Sequence[ReferenceImage]) -> None:
    """Note that the images are used now, which locks their rows until the videos are written.

    An image that its owner deleted is kept again. Raises `ValidationError` if a row is gone.
    """
    wanted = {image.pk for image in images}
    if not wanted:
        return
    found = ReferenceImage.objects.filter(pk__in=wanted).update(used_at=timezone.now(), deleted_at=None)
    if found < len(wanted):
        raise ValidationError({"reference": "This image was just deleted. Choose another one."})


# --- Acting ------------------------------------------------------------------------------------------------


def cancel_video(video: Video) -> bool:
    """Cancel a video in flight: free until a backend accepted it. Returns whether anything was canceled."""
    return lifecycle.cancel(video.pk)


def retry_video(video: Video) -> bool:
    """Submit a failed video anew. This is a new, paid job. Returns False if it is no longer failed.

    Raises `RefusedPaymentError` where it may not be paid for.
    """
    return _submit_if_queued(video, lifecycle.retry(video.pk))


def resubmit_video(video: Video) -> bool:
    """Queue an uncertain video again, by its owner's decision: it may be paid for twice.

    Raises `RefusedPaymentError` where the second time may not be paid for.
    """
    return _submit_if_queued(video, lifecycle.submit_again(video.pk))


def abandon_video(video: Video) -> bool:
    """Mark an uncertain video as failed, by its owner's decision."""
    return lifecycle.abandon(video.pk, ABANDONED)


def recheck_video(video: Video) -> bool:
    """Check once more for the job of a video that failed on our side, or that needs a decision.

    Nothing is submitted that could be a second job.
    """
    if lifecycle.search_again(video.pk):
        enqueue.send_after_commit("reconcile", video.backend_id)
        return True
    return lifecycle.check_again(video.pk)


def adopt_candidate(video: Video, job_id: str, *, by_staff: bool = False) -> bool:
    """Take one of the video's candidates for its job, as its owner or `by_staff` decided.

    Returns False when that is no longer possible, and for a job that may be another person's, which only
    staff can choose.
    """
    if len(job_id) > MAX_JOB_ID_LENGTH or not is_storable(job_id):
        return False
    return lifecycle.adopt_candidate(video.pk, job_id, by_staff=by_staff)


def delete_video(video: Video) -> bool:
    """Hide the video at once, and cancel it if it is in flight. Its files, the backend's job and its row are
    deleted later.

    Returns False if it was deleted before.
    """
    deleted = lifecycle.delete(video.pk)
    if deleted:
        enqueue.send_after_commit("clean_up_video", video.pk)
    return deleted


def _submit_if_queued(video: Video, is_queued: bool) -> bool:
    if is_queued:
        enqueue.send_after_commit("submit", video.backend_id)
    return is_queued
