"""What may be asked for at this moment, and which backend would make it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from videos.models import Backend, State, Video, VideoModel

EXTENSION_SECONDS = (4, 8, 12, 16, 20)  # as the protocol has it
MAX_SECONDS = 120  # seconds of a film with all its extensions, as the protocol has it


@dataclass(frozen=True)
class Offer:
    """A model, and the backend that a new video of it goes to."""

    model: VideoModel
    backend: Backend

    @property
    def takes_reference(self) -> bool:
        """Whether a reference image may be sent along; what nobody knows yet is tried."""
        return self.backend.takes_reference is not False

    @property
    def has_characters(self) -> bool:
        """Whether characters may be sent along."""
        return self.backend.can_characters is True

    @property
    def rates(self) -> str:
        """Dollars for a second by size, as JSON for the page's script."""
        return json.dumps(self.model.price_per_second)

    def price(self, seconds: int, size: str) -> Decimal | None:
        """Dollars for one clip by the catalogue; None when it has no price."""
        return self.model.price(seconds, size)


def available_offers(in_use: Sequence[Backend] | None = None) -> dict[str, Offer]:
    """Return what people may choose from, by the model's name, in the catalogue's order.

    That is every enabled model that a backend in use serves; of several such backends the first takes it.
    `in_use` is for callers that have asked for these already.
    """
    if in_use is None:
        in_use = Backend.objects.in_use()
    found: dict[str, Offer] = {}
    models = VideoModel.objects.filter(enabled=True).prefetch_related("backends")
    for model in models:
        serving = {backend.pk for backend in model.backends.all()}
        backend = next((backend for backend in in_use if backend.pk in serving), None)
        if backend is not None:
            found[model.name] = Offer(model, backend)
    return found


@dataclass(frozen=True)
class Capabilities:
    """What can be made of one finished video now. A way that is not there is None or False."""

    remix: bool = False
    edit: bool = False
    extend: bool = False  # by the backend itself, which makes one longer film
    join: Offer | None = None  # where it cannot: from the last frame on by this one, and joined here
    lengths: tuple[int, ...] = ()  # seconds that an extension may add

    @property
    def can_extend(self) -> bool:
        return self.extend or self.join is not None


def capabilities_for(video: Video) -> Capabilities:
    """Return what can be made of `video`: what its own backend is known to do, while that is in use.

    Only a backend that has the whole film as one job can remix it; edits and extensions can be sent the file
    instead.
    A backend that cannot extend, or is not known to, is worked around where the video's model takes a
    reference image.
    """
    if video.state != State.COMPLETED or not video.file:
        return Capabilities()
    backend = next((each for each in Backend.objects.in_use() if each.pk == video.backend_id), None)
    extend = backend is not None and backend.can_extend is True
    has_job = bool(video.backend_job_id) and not video.concat_with_source
    join = None if extend else _joining(video)
    lengths = EXTENSION_SECONDS if extend else tuple(join.model.seconds) if join else ()
    fitting = tuple(each for each in lengths if video.total_seconds + each <= MAX_SECONDS)
    return Capabilities(
        remix=backend is not None and backend.can_remix is True and has_job,
        edit=backend is not None and backend.can_edit is True,
        extend=extend and bool(fitting),
        join=join if fitting else None,
        lengths=fitting,
    )


def _joining(video: Video) -> Offer | None:
    """The offer that can go on from the last frame of `video`."""
    offer = available_offers().get(video.model)
    fits = offer is not None and offer.takes_reference and video.size in offer.model.sizes
    return offer if fits else None


def backend_status(backends: Iterable[Backend]) -> str:
    """Say in one word what every page has to tell about the backends in use; empty when nothing.

    `none`: no video can be made. `simulator`: the pictures are patterns. `gone`: OpenAI's own address, where
    every video fails.
    """
    backends = list(backends)
    if not backends:
        return "none"
    if all(backend.is_simulator for backend in backends):
        return "simulator"
    return "gone" if all(backend.is_retired for backend in backends) else ""
