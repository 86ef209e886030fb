"""What can be asked for at this moment, and which backend would make it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from videos.models import Backend, State, Video, VideoModel
from videos.models.video_model import ANY_SIZE

EXTENSION_SECONDS = (4, 8, 12, 16, 20)  # that one extension may add, as the protocol has it
MAX_SECONDS = 120  # of a video with all its extensions, as the protocol has it


@dataclass(frozen=True)
class Offer:
    """A model, and the backend that makes new videos with it."""

    model: VideoModel
    backend: Backend

    @property
    def takes_reference(self) -> bool:
        """Whether a reference image may be sent along. While nobody knows, it may: trying finds out."""
        of_model = self.model.takes_reference
        return (self.backend.takes_reference if of_model is None else of_model) is not False

    @property
    def has_characters(self) -> bool:
        """Whether characters may be sent along."""
        return self.backend.can_characters is True

    @property
    def rates(self) -> str:
        """Dollars for a second, by size, as JSON for the page's script."""
        return json.dumps({ANY_SIZE: "0"} if self.backend.costs_nothing else self.model.price_per_second)

    @property
    def generation_timeout(self) -> int:
        """Seconds that the backend may work on a video; its own queue and its silence do not count."""
        own = self.model.generation_timeout or self.backend.generation_timeout
        return own or int(settings.MAX_POLL_TIMEOUT)

    def price(self, seconds: int, size: str) -> Decimal | None:
        """Return dollars for one video by the catalogue; None when it has no price.

        Where the backend is free of charge, that is 0.
        """
        return Decimal(0) if self.backend.costs_nothing else self.model.price(seconds, size)


def available_offers(in_use: Sequence[Backend] | None = None) -> dict[str, Offer]:
    """Return what can be chosen from, by the model's name, in the catalogue's order.

    That is every enabled model that a backend in use serves, with the first of several such backends. A
    caller that has read the backends `in_use` already passes them, which saves a query.
    """
    first_offers: dict[str, Offer] = {}
    for offer in _every_offer(Backend.objects.in_use() if in_use is None else in_use):
        first_offers.setdefault(offer.model.name, offer)
    return first_offers


def _every_offer(in_use: Sequence[Backend]) -> list[Offer]:
    """Return each enabled model with each backend in use that serves it: by the catalogue's order, then by
    the backends'.
    """
    offers = []
    for model in VideoModel.objects.filter(enabled=True).prefetch_related("backends"):
        serving = {backend.pk for backend in model.backends.all()}
        offers += [Offer(model, backend) for backend in in_use if backend.pk in serving]
    return offers


@dataclass(frozen=True)
class Capabilities:
    """What can be derived from one finished video now. What is not possible is None, False or empty."""

    remix: bool = False
    edit: bool = False  # by its backend itself
    edit_offer: Offer | None = None  # else: this one is sent the file
    extend: bool = False  # by its backend itself, which makes one longer video
    concat_offer: Offer | None = (
        None  # else: this one goes on from the last frame, and the clips are joined here
    )
    lengths: tuple[int, ...] = ()  # seconds that an extension may add

    @property
    def can_edit(self) -> bool:
        return self.edit or self.edit_offer is not None

    @property
    def can_extend(self) -> bool:
        return self.extend or self.concat_offer is not None


def capabilities_for(video: Video) -> Capabilities:
    """Return what can be derived from `video`: what its own backend is known to do, while that is in use.

    Only a backend that made the whole video as one job can remix it; edits and extensions can be sent the
    file instead. Where its own backend cannot edit, or is not known to, another that can is sent the file.
    Where it cannot extend, or is not known to, the video's model can go on from the last frame if it takes a
    reference image.
    """
    if video.state != State.COMPLETED or not video.file:
        return Capabilities()
    in_use = list(Backend.objects.in_use())
    backend = next((each for each in in_use if each.pk == video.backend_id), None)
    edit = backend is not None and backend.can_edit is True
    extend = backend is not None and backend.can_extend is True
    has_job = bool(video.backend_job_id) and not video.concat_with_source
    offers = [] if edit and extend else _every_offer(in_use)
    concat_offer = None if extend else _concat_offer(video, offers)
    lengths = EXTENSION_SECONDS if extend else tuple(concat_offer.model.seconds) if concat_offer else ()
    fitting = tuple(each for each in lengths if video.total_seconds + each <= MAX_SECONDS)
    return Capabilities(
        remix=backend is not None and backend.can_remix is True and has_job,
        edit=edit,
        edit_offer=None if edit else _edit_offer(video, offers),
        extend=extend and bool(fitting),
        concat_offer=concat_offer if fitting else None,
        lengths=fitting,
    )


def _edit_offer(video: Video, offers: Sequence[Offer]) -> Offer | None:
    """Return the offer whose backend can edit the file of `video`, of its own model if possible."""
    own = [offer for offer in offers if offer.model.name == video.model]
    return next((offer for offer in [*own, *offers] if offer.backend.can_edit is True), None)


def _concat_offer(video: Video, offers: Sequence[Offer]) -> Offer | None:
    """Return the offer that can go on from the last frame of `video`, if there is one."""
    offer = next((offer for offer in offers if offer.model.name == video.model), None)
    can_continue = offer is not None and offer.takes_reference and video.size in offer.model.sizes
    return offer if can_continue else None


def backend_status(backends: Iterable[Backend]) -> str:
    """Return in one word what every page has to tell about the backends in use; empty when nothing.

    `none`: no video can be made. `simulator`: the pictures are patterns. `retired`: they are all OpenAI's own
    address, where every video fails.
    """
    backends = list(backends)
    if not backends:
        return "none"
    if all(backend.is_free for backend in backends):
        return "simulator"
    return "retired" if all(backend.is_retired for backend in backends) else ""
