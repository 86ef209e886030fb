"""What can be asked for at this moment, and which backend would make it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import cached_property

from videos.backends.service_kinds import SERVICES
from videos.models import Backend, State, Video, VideoModel
from videos.parameters import Parameter, known_parameters
from videos.validation import is_storable

SIMULATOR_REFERENCES = 3  # further images that the simulator shows in a video
EXTENSION_SECONDS = (4, 8, 12, 16, 20)  # that one extension may add, as the protocol has it
MAX_SECONDS = 120  # of a video with all its extensions, as the protocol has it
MAX_NAME_LENGTH = 100  # characters of a model's name, as the column holds


@dataclass(frozen=True)
class Offer:
    """A model, and the backend that makes new videos with it."""

    model: VideoModel
    backend: Backend

    @property
    def name(self) -> str:
        """What an error calls it."""
        return f"{self.model.label} on {self.backend.name}"

    @property
    def takes_reference(self) -> bool:
        """Whether a reference image may be sent along. While nobody knows, it may: trying finds out."""
        of_model = self.model.takes_reference
        return (self.backend.takes_reference if of_model is None else of_model) is not False

    @property
    def takes_last_frame(self) -> bool:
        """Whether a last frame may be sent beside the first. A server that knows none would leave it out
        without a word, so it has to be known that the model takes one.
        """
        known = self.model.takes_last_frame
        return self.takes_reference and (self.backend.is_free if known is None else known)

    @property
    def max_references(self) -> int:
        """How many further images may be sent; 0 while nobody knows, as with a last frame."""
        known = self.model.max_references
        return (SIMULATOR_REFERENCES if self.backend.is_free else 0) if known is None else known

    @property
    def has_characters(self) -> bool:
        """Whether characters may be sent along."""
        return self.backend.can_characters is True

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """What the model can be told beyond prompt, length and size: as the catalogue declares it, else what
        is known of the backend's kind of service.
        """
        if self.model.parameters is not None:
            return known_parameters(self.model.parameters)
        service = "simulator" if self.backend.is_free else self.backend.service
        return SERVICES[service].parameters if service in SERVICES else ()

    @property
    def rates(self) -> str:
        """Dollars for a second, by size, as JSON for the page's script."""
        return json.dumps(self.model.price_per_second)

    @property
    def image_limits(self) -> str:
        """How many images of each kind may be sent, as JSON for the page's script."""
        return json.dumps(
            {
                "label": self.model.label,
                "reference": int(self.takes_reference),
                "last_frame": int(self.takes_last_frame),
                "references": self.max_references,
            }
        )

    @property
    def generation_timeout(self) -> int:
        """Seconds that the backend may work on a video; its own queue and its silence do not count."""
        own = self.model.generation_timeout or self.backend.generation_timeout
        return own or int(settings.MAX_POLL_TIMEOUT)

    def price(self, seconds: int, size: str) -> Decimal | None:
        """Return dollars for one video by the catalogue; None when it has no price."""
        return self.model.price(seconds, size)


def available_offers(in_use: Sequence[Backend] | None = None) -> dict[str, Offer]:
    """Return what can be chosen from, by the model's name, in the catalogue's order.

    That is every enabled model that a backend in use serves, with the first of several such backends. A
    caller that has read the backends `in_use` already passes them, which saves a query. Who needs a few of
    maybe a thousand models takes an `OfferCatalogue`.
    """
    if in_use is None:
        in_use = Backend.objects.in_use()
    return _first_offers(_every_offer(VideoModel.objects.filter(enabled=True), in_use))


def _first_offers(offers: Iterable[Offer]) -> dict[str, Offer]:
    found: dict[str, Offer] = {}
    for offer in offers:
        found.setdefault(offer.model.name, offer)
    return found


def _every_offer(models: QuerySet[VideoModel], in_use: Sequence[Backend]) -> list[Offer]:
    """Return each of the models with each backend in use that serves it: by the catalogue's order, then by
    the backends'.
    """
    offers = []
    for model in models.prefetch_related("backends"):
        serving = {backend.pk for backend in model.backends.all()}
        offers += [Offer(model, backend) for backend in in_use if backend.pk in serving]
    return offers


class OfferCatalogue(Mapping[str, Offer]):
    """What can be chosen from, as `available_offers` returns it, but read only as far as it is looked at.

    So a page costs the same with two models and with a thousand. Each offer is read once; nothing is kept
    longer than this object, so that no price is older than the request that shows it.
    """

    def __init__(self, in_use: Sequence[Backend] | None = None) -> None:
        self.in_use = Backend.objects.in_use() if in_use is None else in_use
        self._read: dict[str, Offer | None] = {}
        self._heads: dict[int, list[Offer]] = {}

    @cached_property
    def _offered(self) -> QuerySet[VideoModel]:
        through = VideoModel.backends.through
        serving = through._default_manager.filter(videomodel=OuterRef("pk"), backend__in=self.in_use)
        return VideoModel.objects.filter(Exists(serving), enabled=True)

    @cached_property
    def names(self) -> list[str]:
        """The names of all models, in the catalogue's order."""
        return list(self._offered.values_list("name", flat=True))

    def first(self, count: int) -> list[Offer]:
        """Return the first `count` offers, in the catalogue's order."""
        if count not in self._heads:
            found = _first_offers(_every_offer(self._offered[:count], self.in_use))
            self._read |= found
            self._heads[count] = list(found.values())
        return self._heads[count]

    def preload(self, names: Iterable[str]) -> None:
        """Read the offers of these models, as far as there are any, in one go."""
        wanted = {name for name in names if name not in self._read}
        askable = [name for name in wanted if 0 < len(name) <= MAX_NAME_LENGTH and is_storable(name)]
        self._read |= dict.fromkeys(wanted)
        if askable:
            named = self._offered.filter(name__in=askable)
            self._read |= _first_offers(_every_offer(named, self.in_use))

    def __getitem__(self, name: str) -> Offer:
        self.preload([name])
        offer = self._read[name]
        if offer is None:
            raise KeyError(name)
        return offer

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    @cached_property
    def _count(self) -> int:
        return self._offered.count()

    def __len__(self) -> int:
        return self._count


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
    offers = [] if edit and extend else _every_offer(VideoModel.objects.filter(enabled=True), in_use)
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
