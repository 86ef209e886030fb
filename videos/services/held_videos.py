"""Videos that are queued and not submitted: an account or a backend is switched off, something is paused."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext

from audit.trail import record
from audit.vocabulary import Action
from billing.budgets import lock_all_budgets
from billing.errors import RefusedPaymentError
from contentgen.stored_texts import translated
from videos import lifecycle, subjects
from videos.capabilities import Offer, available_offers
from videos.engine import enqueue
from videos.models import Backend, Kind, State, Video
from videos.models.values import NO_REASON
from videos.services.generation_requests import find_catalogue_errors, fitting_offer, request_of
from videos.services.prices import Price, price_fields, price_for

_BATCH_SIZE = 200  # videos moved in one transaction, which keeps the backend's workers waiting

# Queued rows of which no job can exist. Either nothing was ever sent for them; or the worker that sent the
# last request recorded, while it still held the lease, that the backend did not accept it: only
# `lifecycle.requeue` leaves a queued row with an error code. A row queued again after a search, or by its
# owner's decision, has none, and its first job may still turn up at its backend.
_HAS_NO_JOB = Q(attempted_at=None) | ~Q(error_code="")


@dataclass
class MoveResult:
    """How many videos were moved, by the name of their new backend, and how many were left, by a sentence
    that says why. `price` is what the moved ones cost together, in dollars as far as it is known.
    """

    moved: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    price: Decimal = Decimal(0)


def explain_hold(video: Video) -> str:
    """Return, as a sentence, why a queued video is not submitted; empty for one that is not held.

    Reads the video's backend, owner with their queue, and batch.
    """
    if video.state != State.QUEUED:
        return ""
    owner = {"owner": video.owner.username}
    if not video.owner.is_active:
        sentence = gettext("The account %(owner)s is deactivated. Its videos wait until it is active again.")
        return sentence % owner
    queue = getattr(video.owner, "video_queue", None)
    if queue is not None and queue.staff_paused_at:
        sentence = gettext("Staff have paused the queue of %(owner)s. The video waits until they resume it.")
        return sentence % owner
    if not video.backend.enabled:
        sentence = gettext(
            "%(backend)s is switched off. The video waits until it is on again, or until an administrator "
            "moves it to another backend."
        )
        return sentence % {"backend": video.backend.name}
    if video.backend.is_paused and video.backend.paused_by:
        sentence = gettext("%(backend)s is paused. The video waits until it goes on.")
        return f"{sentence % {'backend': video.backend.name}} {translated(video.backend.pause_reason)}"
    if queue is not None and queue.paused_at:
        return gettext("The queue of %(owner)s is paused. The video waits until it goes on.") % owner
    if video.paused_at:
        return gettext("The video is paused. It waits until its owner resumes it.")
    if video.batch is not None and video.batch.is_paused:
        sentence = gettext("The batch “%(batch)s” is paused. Its videos wait until it goes on.")
        return sentence % {"batch": video.batch}
    return ""


def move_queued_videos(backend: Backend) -> MoveResult:
    """Move what is queued at `backend` to the first other backend in use that can make it.

    Only what has certainly no job at `backend` is moved, at the price that the catalogue has now. Never to
    the simulator, whose pictures are patterns. What cannot be moved stays where it is.
    """
    others = [each for each in Backend.objects.in_use() if each.pk != backend.pk and not each.is_free]
    offers = available_offers(others)
    result = MoveResult()
    queued = Video.objects.filter(backend=backend, state=State.QUEUED, cancel_requested_at=None)
    pks = list(queued.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), _BATCH_SIZE):
        with transaction.atomic():
            # Claiming takes the same lock, so no video is claimed for this backend and moved at once.
            Backend.objects.select_for_update().get(pk=backend.pk)
            lock_all_budgets()
            rows = queued.filter(pk__in=pks[start : start + _BATCH_SIZE]).order_by("pk")
            rows = rows.select_related("reference", "last_frame", "owner")
            for video in rows.prefetch_related("characters", "video_references"):
                _move_video(video, offers, result)
            for offer in offers.values():
                enqueue.send_after_commit("submit", offer.backend.pk)
    return result


def _move_video(video: Video, offers: Mapping[str, Offer], result: MoveResult) -> None:
    if problem := _find_problem(video, offers):
        result.left[problem] += 1
        return
    offer = _fitting_offer(video, offers)
    price = price_for(offer, video.seconds, video.size)
    try:
        moved = _move_paid(video, offer, price)
    except RefusedPaymentError as error:
        result.left[error.sentence] += 1
        return
    if moved:
        result.moved[offer.backend.name] += 1
        result.price += price.amount if price else 0
    else:
        result.left[gettext("The backend may have received it before.")] += 1


@transaction.atomic
def _move_paid(video: Video, offer: Offer, price: Price | None) -> bool:
    """Move the video and what is reserved for it. Returns False, and moves neither, if it may have a job."""
    movable = Video.objects.filter(
        _HAS_NO_JOB, pk=video.pk, backend=video.backend_id, state=State.QUEUED, cancel_requested_at=None
    )
    moved = movable.update(
        backend=offer.backend,
        attempted_at=None,
        attempts=0,
        due_at=timezone.now(),
        revision=F("revision") + 1,
        **price_fields(price),
        **NO_REASON.as_fields(),
    )
    if moved:
        lifecycle.move_to(video, offer.backend, price.amount if price else None)
        record(
            Action.MOVED, subjects.video(video), changes={"backend": (video.backend.name, offer.backend.name)}
        )
    return bool(moved)


def _find_problem(video: Video, offers: Mapping[str, Offer]) -> str:
    """Return a sentence for why no other backend can make the video; empty if one can."""
    if video.kind != Kind.CREATE and not video.concat_with_source:
        return gettext("It is made from a video that its own backend has.")
    if video.model not in offers:
        return gettext("No other backend in use serves %(model)s.") % {"model": video.model}
    if video.concat_with_source and not offers[video.model].takes_reference:
        sentence = gettext("%(backend)s does not support reference images.")
        return sentence % {"backend": offers[video.model].backend.name}
    return next(iter(find_catalogue_errors(request_of(video), offers).values()), "")


def _fitting_offer(video: Video, offers: Mapping[str, Offer]) -> Offer:
    offer = offers[video.model]
    if video.concat_with_source:
        return offer.fitting(images={"reference": 1})
    return fitting_offer(request_of(video), offer)
