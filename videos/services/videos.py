"""Ask for videos, and act on them: what pages, APIs, the admin and commands call.

Videos made from another one are in `videos.services.derivations`, characters in `videos.services.characters`.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import roles
from accounts.models import User
from audit.trail import record, record_all
from audit.vocabulary import Action
from videos import lifecycle, subjects
from videos.capabilities import Offer, OfferCatalogue, available_offers
from videos.engine import enqueue
from videos.models import Batch, Character, Collection, Fit, ReferenceImage, Video, VideoReference
from videos.models.values import Reason
from videos.services.collections import insert_items, lock_editable
from videos.services.images import RequestImages, find_image_errors, validate_images_size
from videos.services.parameters import choose_parameters, find_parameter_errors
from videos.services.prices import Price, price_fields, price_for, price_of_another
from videos.services.quota import require_room
from videos.services.terms import describe_maker, explain_changed_terms
from videos.validation import clean_text, has_visible_text, is_storable

MAX_PROMPT_LENGTH = 32_000  # characters, as the protocol has it
MAX_JOB_ID_LENGTH = 512  # characters, as the column holds
MAX_TAKES = 4  # of one request at a time, as many as can be compared side by side
MAX_CHARACTERS = 2  # in one video, as the protocol's guide had it
MAX_LISTED_MODELS = 12  # in one sentence
_INSERT_BATCH_SIZE = 500  # rows in one INSERT

ABANDONED = Reason("given_up", "Marked as failed: we couldn't confirm that the backend received this job.")


@dataclass(frozen=True)
class Take:
    """The place of a video among the takes of one request, all of which have the same `group`."""

    number: int = 1
    of: int = 1
    group: uuid.UUID | None = None


@dataclass(frozen=True)
class Quote:
    """Which offer makes a request now, and at which price; None where nobody knows it."""

    offer: Offer
    price: Price | None


@dataclass(frozen=True)
class GenerationRequest:
    """What someone wants to see. `seconds` is the length of the video, `size` is WIDTHxHEIGHT in pixels,
    `parameters` are values of the model's parameters by name, also as text.

    `backend` is the name of the one that is to make it, where that matters; `accepted_terms` are those that a
    page has shown (`services.terms`). What another backend would make now is refused then. Empty: any terms.

    `collections` are those that the video is put into at once; it is made in the first of them, so that its
    budget is the one that counts it.
    """

    prompt: str
    model: str
    seconds: int
    size: str
    reference: ReferenceImage | None = None
    fit: Fit = Fit.CROP
    characters: tuple[Character, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    take: Take = Take()
    last_frame: ReferenceImage | None = None
    references: tuple[ReferenceImage, ...] = ()
    backend: str = ""
    accepted_terms: frozenset[str] = frozenset()
    collections: tuple[Collection, ...] = ()

    @property
    def images(self) -> RequestImages:
        """Its images: `reference` is the first frame, `references` are those beside the frames."""
        return RequestImages(self.reference, self.last_frame, self.references)


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


def validate_request(
    request: GenerationRequest,
    images: RequestImages | None = None,
    offers: Mapping[str, Offer] | None = None,
) -> None:
    """Raise `ValidationError`, by field, unless the catalogue offers exactly this now.

    `images` are those that it is to have, where they are not kept yet. A caller that has read the `offers`
    already passes them.
    """
    images = images or request.images
    _validate_by_offers(request, available_offers() if offers is None else offers, images.counts)
    validate_images_size([images])


def find_request_errors(
    requests: Sequence[GenerationRequest], image_counts: Sequence[Mapping[str, int]] | None = None
) -> list[dict[str, str]]:
    """Return, for each request in turn, a sentence by field for what is wrong with it; empty if nothing is.

    `image_counts` says how many images each is to have, by field, where they are not kept yet. The catalogue
    is read once, however many requests there are.
    """
    offers = available_offers()
    counts = image_counts or [request.images.counts for request in requests]
    return [_request_errors(request, offers, count) for request, count in zip(requests, counts, strict=True)]


def quote(
    requests: Sequence[GenerationRequest], image_counts: Sequence[Mapping[str, int]] | None = None
) -> list[Quote]:
    """Return who makes each of the requests now and at which price, in turn; they must be valid ones.

    `image_counts` says how many images each is to have, by field, where they are not kept yet.
    """
    offers = OfferCatalogue()
    offers.preload(request.model for request in requests)
    counts = image_counts or [request.images.counts for request in requests]
    fitting = [
        fitting_offer(request, offers[request.model], count)
        for request, count in zip(requests, counts, strict=True)
    ]
    return [
        Quote(offer, price_for(offer, request.seconds, request.size))
        for offer, request in zip(fitting, requests, strict=True)
    ]


def _validate_by_offers(
    request: GenerationRequest, offers: Mapping[str, Offer], image_counts: Mapping[str, int]
) -> None:
    if errors := _request_errors(request, offers, image_counts):
        raise ValidationError(errors)


def _request_errors(
    request: GenerationRequest, offers: Mapping[str, Offer], image_counts: Mapping[str, int]
) -> dict[str, str]:
    errors: dict[str, str] = {}
    try:
        validate_prompt(request.prompt)
    except ValidationError as error:
        errors["prompt"] = error.messages[0]
    return errors | find_catalogue_errors(request, offers, image_counts)


def find_catalogue_errors(
    request: GenerationRequest, offers: Mapping[str, Offer], image_counts: Mapping[str, int] | None = None
) -> dict[str, str]:
    """Return a sentence by field for what the offers cannot make of the request, whatever its prompt.

    `image_counts` says how many images it is to have, by field, where they are not kept yet.
    """
    offer = offers.get(request.model)
    if offer is None:
        return {"model": f"There is no model “{request.model[:100]}”. {_list_models(offers)}"}
    errors: dict[str, str] = {}
    counts = request.images.counts if image_counts is None else image_counts
    offer, model = fitting_offer(request, offer, counts), offer.model
    if request.backend not in ("", offer.backend.name):
        errors["backend"] = f"{describe_maker(offer)} makes this video now, not {request.backend[:100]}."
    if request.seconds not in model.seconds:
        offered = ", ".join(str(seconds) for seconds in model.seconds)
        errors["seconds"] = f"{model.label} supports these durations: {offered} seconds."
    if request.size not in model.sizes:
        errors["size"] = f"{model.label} supports these sizes: {', '.join(model.sizes)}."
    errors |= find_image_errors(counts, offer)
    if request.characters and (sentence := _find_character_error(request.characters, offer)):
        errors["characters"] = sentence
    return errors | find_parameter_errors(request.parameters, offer)


def _list_models(offers: Mapping[str, Offer]) -> str:
    """Return in a sentence what can be chosen, by the first names of maybe hundreds."""
    if not offers:
        return "No models are available right now."
    names = ", ".join(islice(offers, MAX_LISTED_MODELS))
    more = len(offers) - MAX_LISTED_MODELS
    return f"Choose one of: {names}{f' and {more:,} more' if more > 0 else ''}."


def _find_character_error(characters: Sequence[Character], offer: Offer) -> str:
    """Return a sentence for what is wrong with the characters; empty if the offer's backend can use them."""
    if len(characters) > MAX_CHARACTERS:
        return f"A video can have at most {MAX_CHARACTERS} characters."
    if offer.backend.can_characters is not True:
        return f"{offer.model.label} on {offer.backend.name} does not support characters. Remove them."
    elsewhere = [each.name for each in characters if each.backend_id != offer.backend.pk]
    if elsewhere:
        return f"{offer.backend.name} cannot use {elsewhere[0]}, a character of another backend."
    unready = [each.name for each in characters if not each.is_ready]
    return f"{unready[0]} is not ready yet." if unready else ""


def validate_terms(request: GenerationRequest, offer: Offer) -> None:
    """Raise `ValidationError` by field (`model`) if the offer has other terms than the request accepts."""
    changed = explain_changed_terms(offer, request.accepted_terms, request.seconds, request.size)
    if changed:
        raise ValidationError({"model": changed})


def fitting_offer(
    request: GenerationRequest, offer: Offer, image_counts: Mapping[str, int] | None = None
) -> Offer:
    """Return the offer of the backend that makes the request now, of those that make the model's videos.

    `image_counts` says how many images it is to have, by field, where they are not kept yet.
    """
    return offer.fitting(
        images=request.images.counts if image_counts is None else image_counts,
        characters=request.characters,
        parameters=[name for name, value in request.parameters.items() if value not in ("", None)],
    )


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


def create_video_with_images(owner: User, request: GenerationRequest, images: RequestImages) -> Video:
    """Queue a video with `images`. New ones are kept among the owner's, and named as their files were.

    Returns and raises as `create_video` does. The request is validated before a file is written.
    """
    roles.require_creator(owner)
    validate_request(request, images)
    with images.kept(owner) as rows:
        return create_video(owner, replace(request, **rows))


def create_videos(
    owner: User, requests: Sequence[GenerationRequest], *, batch: Batch | None = None
) -> list[Video]:
    """Queue all the videos, or none, and tell the workers. Returns the queued videos in order, each bound to
    the backend that serves its model; they are those of `batch`, if any.

    Raises `ValidationError` by field for the first request that the catalogue does not offer, or whose terms
    are not the accepted ones any more, and without a field for an owner who may make nothing; and
    `RefusedPaymentError`, which is one too, where all of them together may not be paid for, or the owner's
    storage is full. One query
    inserts as many rows as the database takes at once: about 20 on SQLite, 500 on PostgreSQL. Each video is
    submitted exactly once, as with `create_video`.
    """
    roles.require_creator(owner)
    require_room(owner)
    with transaction.atomic():
        offers = OfferCatalogue()
        offers.preload(request.model for request in requests)
        for request in requests:
            _validate_by_offers(request, offers, request.images.counts)
        validate_images_size([request.images for request in requests])
        _mark_references_used(owner, requests)
        chosen = [fitting_offer(request, offers[request.model]) for request in requests]
        for request, offer in zip(requests, chosen, strict=True):
            validate_terms(request, offer)
        rows = [_build_video(owner, offer, request) for offer, request in zip(chosen, requests, strict=True)]
        for row in rows:
            row.batch = batch
        lock_editable(owner, [each for request in requests for each in request.collections])
        videos = Video.objects.bulk_create(rows, batch_size=_INSERT_BATCH_SIZE)
        lifecycle.log_created(videos)
        lifecycle.reserve(videos)
        _put_into_collections(owner, videos, requests)
        VideoReference.objects.bulk_create(_build_references(videos, requests), batch_size=_INSERT_BATCH_SIZE)
        for video, request in zip(videos, requests, strict=True):
            if request.characters:
                video.characters.set(request.characters)
        record_all(Action.CREATED, map(subjects.new_video, videos))
        backends = [offer.backend for offer in chosen]
        # A hint for each that can start at once; what waits for a free slot is found by the next tick.
        for backend, count in Counter(backends).items():
            for _ in range(min(count, backend.max_in_flight)):
                enqueue.send_after_commit("submit", backend.pk)
    return videos


def _build_video(owner: User, offer: Offer, request: GenerationRequest) -> Video:
    take = request.take
    chosen = choose_parameters(request.parameters, offer, take=take.number, group=take.group)
    return Video(
        owner=owner,
        backend=offer.backend,
        prompt=clean_text(request.prompt),
        model=request.model,
        seconds=request.seconds,
        size=request.size,
        reference=request.reference,
        reference_fit=request.fit,
        last_frame=request.last_frame,
        parameters=chosen.values,
        seed=chosen.seed,
        take=take.number,
        takes=take.of,
        take_group=take.group,
        made_in=next(iter(request.collections), None),
        **price_fields(price_for(offer, request.seconds, request.size)),
    )


def _put_into_collections(
    owner: User, videos: Sequence[Video], requests: Sequence[GenerationRequest]
) -> None:
    """Put each video into the collections of its request, which are locked."""
    held: dict[Collection, list[Video]] = {}
    for video, request in zip(videos, requests, strict=True):
        for collection in dict.fromkeys(request.collections):
            held.setdefault(collection, []).append(video)
    for collection, new in held.items():
        insert_items(owner, [collection], new)


def _build_references(
    videos: Sequence[Video], requests: Sequence[GenerationRequest]
) -> Iterator[VideoReference]:
    for video, request in zip(videos, requests, strict=True):
        for position, image in enumerate(request.references, start=1):
            yield VideoReference(video=video, image=image, position=position)


def _mark_references_used(owner: User, requests: Sequence[GenerationRequest]) -> None:
    """Note that the requests' images are used now, which locks their rows until the videos are written.

    An image that its owner deleted is kept again. Raises `ValidationError` by field if a row is gone, or is
    another person's.
    """
    by_field = {field: _image_keys(requests, field) for field in ("reference", "last_frame", "references")}
    wanted = set().union(*by_field.values())
    if not wanted:
        return
    own = ReferenceImage.objects.filter(owner=owner, pk__in=wanted)
    if len(wanted) > 1:
        # In one order, so that two requests with the same images wait for each other rather than for ever.
        list(own.select_for_update().order_by("pk").values_list("pk"))
    if own.update(used_at=timezone.now(), deleted_at=None) == len(wanted):
        return
    found = set(own.values_list("pk", flat=True))
    at_fault = next(field for field, keys in by_field.items() if not keys <= found)
    raise ValidationError({at_fault: "This image was just deleted. Choose another one."})


def _image_keys(requests: Sequence[GenerationRequest], field: str) -> set[int]:
    """The keys of all images that the requests have in `field`, which holds one, several or none."""
    held = (getattr(each, field) for each in requests)
    lists = (each if isinstance(each, tuple) else (each,) for each in held)
    return {image.pk for images in lists for image in images if image is not None}


# --- Acting ------------------------------------------------------------------------------------------------


@transaction.atomic
def cancel_video(video: Video) -> bool:
    """Cancel a video in flight: free until a backend accepted it. Returns whether anything was canceled."""
    return _record(lifecycle.cancel(video.pk), Action.CANCELED, video)


@transaction.atomic
def retry_video(video: Video) -> bool:
    """Submit a failed video anew. This is a new, paid job. Returns False if it is no longer failed.

    Raises `RefusedPaymentError` where it may not be paid for.
    """
    require_room(video.owner)
    is_queued = lifecycle.retry(video.pk, estimate=_estimate(video))
    return _submit_if_queued(video, _record(is_queued, Action.RETRIED, video))


@transaction.atomic
def resubmit_video(video: Video) -> bool:
    """Queue an uncertain video again, by its owner's decision: it may be paid for twice.

    Raises `RefusedPaymentError` where the second time may not be paid for.
    """
    require_room(video.owner)
    is_queued = lifecycle.submit_again(video.pk, estimate=_estimate(video))
    return _submit_if_queued(video, _record(is_queued, Action.SUBMITTED_AGAIN, video))


@transaction.atomic
def abandon_video(video: Video) -> bool:
    """Mark an uncertain video as failed, by its owner's decision."""
    return _record(lifecycle.abandon(video.pk, ABANDONED), Action.GIVEN_UP, video)


@transaction.atomic
def recheck_video(video: Video) -> bool:
    """Check once more for the job of a video that failed on our side, or that needs a decision.

    Nothing is submitted that could be a second job.
    """
    if lifecycle.search_again(video.pk):
        enqueue.send_after_commit("reconcile", video.backend_id)
        return _record(True, Action.CHECKED_AGAIN, video)
    return _record(lifecycle.check_again(video.pk), Action.CHECKED_AGAIN, video)


@transaction.atomic
def adopt_candidate(video: Video, job_id: str, *, by_staff: bool = False) -> bool:
    """Take one of the video's candidates for its job, as its owner or `by_staff` decided.

    Returns False when that is no longer possible, and for a job that may be another person's, which only
    staff can choose.
    """
    if len(job_id) > MAX_JOB_ID_LENGTH or not is_storable(job_id):
        return False
    adopted = lifecycle.adopt_candidate(video.pk, job_id, by_staff=by_staff)
    if adopted:  # the owner tells videos by their pictures, not by their seeds
        lifecycle.forget_drawn_seed(video.pk, job_id)
        record(Action.ADOPTED, subjects.video(video), note=f"Job {job_id}")
    return adopted


@transaction.atomic
def delete_video(video: Video) -> bool:
    """Hide the video at once, and cancel it if it is in flight. Its files, the backend's job and its row are
    deleted later.

    Returns False if it was deleted before.
    """
    deleted = _record(lifecycle.delete(video.pk), Action.DELETED, video)
    if deleted:
        enqueue.send_after_commit("clean_up_video", video.pk)
    return deleted


def _record(done: bool, action: Action, video: Video) -> bool:
    """Write down what was done to the video, in the transaction that did it. Returns `done`."""
    if done:
        record(action, subjects.video(video))
    return done


def _submit_if_queued(video: Video, is_queued: bool) -> bool:
    if is_queued:
        enqueue.send_after_commit("submit", video.backend_id)
    return is_queued


def _estimate(video: Video) -> Decimal | None:
    """Return what one more submission is shown to cost; None where nobody knows."""
    price = price_of_another(video)
    return None if price is None else price.amount
