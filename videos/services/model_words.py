"""What a service says of a model, in words, for those who choose which to offer."""

from django.utils.translation import gettext

from videos.backends.catalogue import CatalogueModel
from videos.models.video_model import ANY_SIZE

_MAX_SIZES = 6  # in one line


def describe_model(model: CatalogueModel) -> str:
    """Return sizes, lengths, frames, sound and price of a model in one line."""
    sizes = ", ".join(model.sizes[:_MAX_SIZES]) + (" …" if len(model.sizes) > _MAX_SIZES else "")
    rates = sorted(set(model.price_per_second.values()), key=float)
    facts = [
        sizes,
        " ".join(model.aspect_ratios),
        gettext("%(seconds)s s") % {"seconds": ", ".join(map(str, model.seconds))} if model.seconds else "",
        _describe_frames(model.frames or ()),
        {True: gettext("sound"), False: gettext("no sound"), None: ""}[model.has_sound],
        _describe_rates(rates) if rates else model.pricing or gettext("no price"),
    ]
    return "; ".join(filter(None, facts))


def _describe_frames(frames: tuple[str, ...]) -> str:
    if len(frames) > 1:
        return gettext("first and last frame")
    return {"first": gettext("first frame"), "last": gettext("last frame")}[frames[0]] if frames else ""


def _describe_rates(rates: list[str]) -> str:
    """Return what a second costs, of rates in order."""
    if len(rates) == 1:
        return gettext("%(price)s a second") % {"price": f"${rates[0]}"}
    return gettext("$%(lowest)s to %(highest)s a second") % {"lowest": rates[0], "highest": rates[-1]}


def format_fact(value: object) -> str:
    """Return the value of a model's field in words."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or gettext("none")
    if isinstance(value, dict):
        named = ((gettext("other sizes") if size == ANY_SIZE else size, rate) for size, rate in value.items())
        return ", ".join(f"{size} ${rate}" for size, rate in named) or gettext("none")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return gettext("unknown") if value is None else str(value)
