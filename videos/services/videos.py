"""Create videos: what pages, APIs, the admin and commands call for a valid request.

Videos made from another one are in `videos.services.derivations`, characters in `videos.services.characters`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import roles
from accounts.models import User
from audit.trail import record_all
from audit.vocabulary import Action
from videos import lifecycle, subjects
from videos.capabilities import Offer, OfferCatalogue
from videos.engine import enqueue
from videos.models import Batch, Collection, ReferenceImage, Video, VideoReference
from videos.services.collections import insert_items, lock_editable
from videos.services.generation_requests import (
    GenerationRequest,
    fitting_offer,
    validate_by_offers,
    validate_request,
    validate_terms,
)
from videos.services.images import RequestImages, validate_images_size
from videos.services.parameters import choose_parameters
from videos.services.prices import price_fields, price_for
from videos.services.quota import require_room
from videos.validation import clean_text

_INSERT_BATCH_SIZE = 500  # rows in one INSERT


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
    with images.stored(owner) as stored, transaction.atomic():
        return create_video(owner, replace(request, **stored.keep(owner)))


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
            validate_by_offers(request, offers, request.images.counts)
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
    raise ValidationError({at_fault: gettext("This image was just deleted. Choose another one.")})


def _image_keys(requests: Sequence[GenerationRequest], field: str) -> set[int]:
    """The keys of all images that the requests have in `field`, which holds one, several or none."""
    held = (getattr(each, field) for each in requests)
    lists = (each if isinstance(each, tuple) else (each,) for each in held)
    return {image.pk for images in lists for image in images if image is not None}
