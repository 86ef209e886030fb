"""What a service says of a model, in words, for those who choose which to offer."""

from videos.backends.catalogue import CatalogueModel
from videos.models.video_model import ANY_SIZE

_MAX_SIZES = 6  # in one line


def describe_model(model: CatalogueModel) -> str:
    """Return sizes, lengths, frames, sound and price of a model in one line."""
    sizes = ", ".join(model.sizes[:_MAX_SIZES]) + (" …" if len(model.sizes) > _MAX_SIZES else "")
    rates = sorted(set(model.price_per_second.values()), key=float)
    price = f"${' to '.join(rates[:: max(1, len(rates) - 1)])} a second" if rates else model.pricing
    facts = [
        sizes,
        " ".join(model.aspect_ratios),
        f"{', '.join(map(str, model.seconds))} s" if model.seconds else "",
        f"{' and '.join(model.frames)} frame" if model.frames else "",
        {True: "sound", False: "no sound", None: ""}[model.has_sound],
        price or "no price",
    ]
    return "; ".join(filter(None, facts))


def format_fact(value: object) -> str:
    """Return the value of a model's field in words."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        named = (("other sizes" if size == ANY_SIZE else size, rate) for size, rate in value.items())
        return ", ".join(f"{size} ${rate}" for size, rate in named) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else str(value)
