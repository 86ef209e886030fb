"""What may be asked for at this moment, and which backend would make it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from videos.models import Backend, VideoModel


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
    def rates(self) -> str:
        """Dollars for a second by size, as JSON for the page's script."""
        return json.dumps(self.model.price_per_second)

    def price(self, seconds: int, size: str) -> Decimal | None:
        """Dollars for one clip by the catalogue; None when it has no price."""
        return self.model.price(seconds, size)


def offers() -> dict[str, Offer]:
    """Return what people may choose from, by the model's name, in the catalogue's order.

    That is every enabled model that a backend in use serves; of several such backends the first takes it.
    """
    in_use = Backend.objects.in_use()
    found: dict[str, Offer] = {}
    models = VideoModel.objects.filter(enabled=True).prefetch_related("backends")
    for model in models:
        serving = {backend.pk for backend in model.backends.all()}
        backend = next((backend for backend in in_use if backend.pk in serving), None)
        if backend is not None:
            found[model.name] = Offer(model, backend)
    return found


def dollars(amount: Decimal) -> str:
    """Write an amount for people: two decimals, up to four where a cent is too coarse."""
    exact = f"{amount:,.4f}"
    return f"${exact[:-2]}{exact[-2:].rstrip('0')}"


def standing(backends: Iterable[Backend]) -> str:
    """Say in one word what every page has to tell about the backends in use; empty when nothing.

    `none`: no video can be made. `simulator`: the pictures are patterns. `gone`: OpenAI's own address, where
    every video fails.
    """
    backends = list(backends)
    if not backends:
        return "none"
    if all(backend.is_simulator for backend in backends):
        return "simulator"
    return "gone" if all(backend.is_gone for backend in backends) else ""
