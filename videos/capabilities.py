"""What can be asked for at this moment, and which backend would make it."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import Case, Exists, OuterRef, QuerySet, When
from django.utils.functional import cached_property
from django.utils.translation import gettext

from videos.backends.service_kinds import SERVICES
from videos.models import Backend, Character, State, Video, VideoModel
from videos.parameters import Parameter, known_parameters
from videos.validation import is_storable

SIMULATOR_REFERENCES = 3  # further images that the simulator shows in a video
EXTENSION_SECONDS = (4, 8, 12, 16, 20)  # that one extension may add, as the protocol has it
MAX_SECONDS = 120  # of a video with all its extensions, as the protocol has it
MAX_NAME_LENGTH = 100  # characters of a model's name, as the column holds


@dataclass(frozen=True)
class Offer:
    """A model, and the backend that makes new videos with it.

    While the model's first backend is paused, another one may stand in for it (`Backend.stands_in`). Then
    `others` are the backends that are tried after `backend` for a video that it cannot make, in order, and
    the last of them is the paused one: what only that can make waits for it.
    """

    model: VideoModel
    backend: Backend
    others: tuple[Backend, ...] = ()

    @property
    def paused(self) -> Backend | None:
        """The backend that `backend` stands in for; None where it is the model's first."""
        return self.others[-1] if self.others else None

    @property
    def backends(self) -> tuple[Backend, ...]:
        """Those of which one makes the video, in the order in which they are tried."""
        return (self.backend, *self.others)

    @property
    def name(self) -> str:
        """What an error calls it."""
        return gettext("%(model)s on %(backend)s") % {"model": self.model.label, "backend": self.backend.name}

    @property
    def takes_reference(self) -> bool:
        """Whether a reference image may be sent along. While nobody knows, it may: trying finds out."""
        return any(map(self._may_take_reference, self.backends))

    @property
    def takes_last_frame(self) -> bool:
        """Whether a last frame may be sent beside the first. A server that knows none would leave it out
        without a word, so it has to be known that the model takes one.
        """
        return any(map(self._may_take_last_frame, self.backends))

    @property
    def max_references(self) -> int:
        """How many further images may be sent; 0 while nobody knows, as with a last frame."""
        return max(map(self._max_references, self.backends))

    @property
    def has_characters(self) -> bool:
        """Whether characters may be sent along."""
        return any(backend.can_characters is True for backend in self.backends)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """What the model can be told beyond prompt, length and size: as the catalogue declares it, else what
        is known of the backend's kind of service.
        """
        if self.model.parameters is not None:
            return known_parameters(self.model.parameters)
        service = "simulator" if self.backend.is_free else self.backend.service
        return SERVICES[service].parameters if service in SERVICES else ()

    def fitting(
        self,
        *,
        images: Mapping[str, int] | None = None,
        characters: Collection[Character] = (),
        parameters: Collection[str] = (),
    ) -> "Offer":
        """Return the offer of the first backend that takes all of this; where none does, of the model's first
        one, which is the one to name in a refusal.

        `images` says how many there are of each kind, as `RequestImages.counts` does; `parameters` are names.
        """
        for position, backend in enumerate(self.backends):
            alone = replace(self, backend=backend, others=())
            takes_parameters = set(parameters) <= {each.name for each in alone.parameters}
            has_characters = all(each.backend_id == backend.pk for each in characters)
            if takes_parameters and has_characters and alone._takes_images(images or {}):
                return replace(self, backend=backend, others=self.backends[position + 1 :])
        return replace(self, backend=self.backends[-1], others=())

    def _takes_images(self, counts: Mapping[str, int]) -> bool:
        return (
            (not counts.get("reference") or self.takes_reference)
            and (not counts.get("last_frame") or self.takes_last_frame)
            and counts.get("references", 0) <= self.max_references
        )

    def _may_take_reference(self, backend: Backend) -> bool:
        of_model = self.model.takes_reference
        return (backend.takes_reference if of_model is None else of_model) is not False

    def _may_take_last_frame(self, backend: Backend) -> bool:
        known = self.model.takes_last_frame
        return self._may_take_reference(backend) and (backend.is_free if known is None else known)

    def _max_references(self, backend: Backend) -> int:
        known = self.model.max_references
        return (SIMULATOR_REFERENCES if backend.is_free else 0) if known is None else known

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


def available_offers(in_use: Sequence[Backend] | None = None) -> dict[str, Offer]:
    """Return what can be chosen from, by the model's name, in the catalogue's order.

    That is every enabled model that a backend in use serves, with the first of several such backends, or the
    one that stands in for it. A caller that has read the backends `in_use` already passes them, which saves a
    query. Who needs a few of maybe a thousand models takes an `OfferCatalogue`.
    """
    in_use = Backend.objects.in_use() if in_use is None else in_use
    return _first_offers(_serving(VideoModel.objects.filter(enabled=True), in_use))


def _first_offers(served: Iterable[tuple[VideoModel, list[Backend]]]) -> dict[str, Offer]:
    found: dict[str, Offer] = {}
    for model, serving in served:
        if serving:
            backend, *others = _in_order_of_trying(serving)
            found[model.name] = Offer(model, backend, tuple(others))
    return found


def _in_order_of_trying(serving: Sequence[Backend]) -> list[Backend]:
    """Return the first of the backends alone; while it is paused, those that stand in for it before it."""
    first, *others = serving
    if not first.is_paused:
        return [first]
    return [*(each for each in others if each.stands_in_for(first)), first]


def _serving(
    models: QuerySet[VideoModel], in_use: Sequence[Backend]
) -> Iterator[tuple[VideoModel, list[Backend]]]:
    """Yield each of the models, in their order, with the backends in use that serve it, in theirs."""
    for model in models.prefetch_related("backends"):
        serving = {backend.pk for backend in model.backends.all()}
        yield model, [backend for backend in in_use if backend.pk in serving]


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
            found = _first_offers(_serving(self._offered[:count], self.in_use))
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
            self._read |= _first_offers(_serving(named, self.in_use))

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
    has_job = bool(video.backend_job_id) and not (video.concat_with_source or video.job_deleted_at)
    concat_offer = None if extend else _concat_offer(video, in_use)
    lengths = EXTENSION_SECONDS if extend else tuple(concat_offer.model.seconds) if concat_offer else ()
    fitting = tuple(each for each in lengths if video.total_seconds + each <= MAX_SECONDS)
    return Capabilities(
        remix=backend is not None and backend.can_remix is True and has_job,
        edit=edit,
        edit_offer=None if edit else _edit_offer(video, in_use),
        extend=extend and bool(fitting),
        concat_offer=concat_offer if fitting else None,
        lengths=fitting,
    )


def _edit_offer(video: Video, in_use: Sequence[Backend]) -> Offer | None:
    """Return the offer whose backend can edit the file of `video`, of its own model if possible."""
    editing = [backend for backend in in_use if backend.can_edit is True]
    is_other = Case(When(name=video.model, then=0), default=1)
    models = VideoModel.objects.filter(enabled=True, backends__in=editing).order_by(
        is_other, "position", "pk"
    )
    for model, serving in _serving(models[:1], editing):
        return Offer(model, serving[0])
    return None


def _concat_offer(video: Video, in_use: Sequence[Backend]) -> Offer | None:
    """Return the offer that can go on from the last frame of `video`, if there is one."""
    offer = OfferCatalogue(in_use).get(video.model)
    can_continue = offer is not None and offer.takes_reference and video.size in offer.model.sizes
    return offer.fitting(images={"reference": 1}) if offer is not None and can_continue else None


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
