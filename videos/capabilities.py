"""What can be asked for at this moment, and which backend would make it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from videos.models import Backend, Character, State, Video, VideoModel

EXTENSION_SECONDS = (4, 8, 12, 16, 20)  # that one extension may add, as the protocol has it
MAX_SECONDS = 120  # of a video with all its extensions, as the protocol has it


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
    def takes_reference(self) -> bool:
        """Whether a reference image may be sent along. While nobody knows, it may: trying finds out."""
        return any(map(self._may_take_reference, self.backends))

    @property
    def has_characters(self) -> bool:
        """Whether characters may be sent along."""
        return any(backend.can_characters is True for backend in self.backends)

    def fitting(self, *, has_reference: bool = False, characters: Collection[Character] = ()) -> "Offer":
        """Return the offer of the first backend that takes all of this; where none does, of the model's first
        one, which is the one to name in a refusal.
        """
        for position, backend in enumerate(self.backends):
            takes_reference = not has_reference or self._may_take_reference(backend)
            has_characters = all(each.backend_id == backend.pk for each in characters)
            if takes_reference and has_characters:
                return replace(self, backend=backend, others=self.backends[position + 1 :])
        return replace(self, backend=self.backends[-1], others=())

    def _may_take_reference(self, backend: Backend) -> bool:
        of_model = self.model.takes_reference
        return (backend.takes_reference if of_model is None else of_model) is not False

    @property
    def generation_timeout(self) -> int:
        """Seconds that the backend may work on a video; its own queue and its silence do not count."""
        own = self.model.generation_timeout or self.backend.generation_timeout
        return own or int(settings.MAX_POLL_TIMEOUT)


def available_offers(in_use: Sequence[Backend] | None = None) -> dict[str, Offer]:
    """Return what can be chosen from, by the model's name, in the catalogue's order.

    That is every enabled model that a backend in use serves, with the first of several such backends, or the
    one that stands in for it. A caller that has read the backends `in_use` already passes them, which saves a
    query.
    """
    if in_use is None:
        in_use = Backend.objects.in_use()
    found: dict[str, Offer] = {}
    models = VideoModel.objects.filter(enabled=True).prefetch_related("backends")
    for model in models:
        pks = {backend.pk for backend in model.backends.all()}
        serving = [backend for backend in in_use if backend.pk in pks]
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


@dataclass(frozen=True)
class Capabilities:
    """What can be derived from one finished video now. What is not possible is None, False or empty."""

    remix: bool = False
    edit: bool = False
    extend: bool = False  # by its backend itself, which makes one longer video
    concat_offer: Offer | None = (
        None  # else: this one goes on from the last frame, and the clips are joined here
    )
    lengths: tuple[int, ...] = ()  # seconds that an extension may add

    @property
    def can_extend(self) -> bool:
        return self.extend or self.concat_offer is not None


def capabilities_for(video: Video) -> Capabilities:
    """Return what can be derived from `video`: what its own backend is known to do, while that is in use.

    Only a backend that made the whole video as one job can remix it; edits and extensions can be sent the
    file instead. Where the backend cannot extend, or is not known to, the video's model can go on from the
    last frame if it takes a reference image.
    """
    if video.state != State.COMPLETED or not video.file:
        return Capabilities()
    backend = next((each for each in Backend.objects.in_use() if each.pk == video.backend_id), None)
    extend = backend is not None and backend.can_extend is True
    has_job = bool(video.backend_job_id) and not video.concat_with_source
    concat_offer = None if extend else _concat_offer(video)
    lengths = EXTENSION_SECONDS if extend else tuple(concat_offer.model.seconds) if concat_offer else ()
    fitting = tuple(each for each in lengths if video.total_seconds + each <= MAX_SECONDS)
    return Capabilities(
        remix=backend is not None and backend.can_remix is True and has_job,
        edit=backend is not None and backend.can_edit is True,
        extend=extend and bool(fitting),
        concat_offer=concat_offer if fitting else None,
        lengths=fitting,
    )


def _concat_offer(video: Video) -> Offer | None:
    """Return the offer that can go on from the last frame of `video`, if there is one."""
    offer = available_offers().get(video.model)
    can_continue = offer is not None and offer.takes_reference and video.size in offer.model.sizes
    return offer.fitting(has_reference=True) if offer is not None and can_continue else None


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
