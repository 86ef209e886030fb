"""The size that a ratio and a resolution name for a model, for pages, APIs and files alike."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from videos.models import VideoModel
from videos.shapes import named_size, nearest_size, shapes_of


def resolve_size(model: VideoModel, ratio: str = "", resolution: str = "") -> str:
    """Return the model's size with this ratio (16:9) and resolution (720p), in capitals or not.

    Where one of them is left out, it is the one that comes nearest to the studio's default size. Raises
    `ValidationError` by field (`ratio`, `resolution`), with what the model has instead.
    """
    ratio, resolution = ratio.strip().lower(), resolution.strip().lower()
    shapes = shapes_of(model.sizes)
    of_ratio = [each for each in shapes if ratio in ("", each.ratio)]
    if not of_ratio:
        raise _refuse_ratio(model.label, [each.ratio for each in shapes])
    found = [each for each in of_ratio if resolution in ("", each.resolution)]
    if not found:
        raise _refuse_resolution(model.label, ratio, [each.label for each in of_ratio])
    sizes = [each.size for each in found]
    return nearest_size(sizes, _default_size(ratio, resolution)) or sizes[0]


def _default_size(ratio: str, resolution: str) -> str:
    """Return the size with what is given of the two, and else of the studio's default size; may be empty."""
    default: str = settings.DEFAULT_SIZE
    shape = next(iter(shapes_of([default])), None)
    if shape is None:
        return ""
    return named_size(ratio or shape.ratio, resolution or shape.resolution) or default


def _refuse_ratio(model: str, supported: list[str]) -> ValidationError:
    sentence = gettext("%(model)s supports these ratios: %(ratios)s.")
    return ValidationError({"ratio": sentence % {"model": model, "ratios": _listed(supported)}})


def _refuse_resolution(model: str, ratio: str, supported: list[str]) -> ValidationError:
    if ratio:
        sentence = gettext("%(model)s at %(ratio)s supports these resolutions: %(resolutions)s.")
    else:
        sentence = gettext("%(model)s supports these resolutions: %(resolutions)s.")
    values = {"model": model, "ratio": ratio, "resolutions": _listed(supported)}
    return ValidationError({"resolution": sentence % values})


def _listed(supported: list[str]) -> str:
    return ", ".join(dict.fromkeys(supported)) or gettext("none")
