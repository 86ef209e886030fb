"""The size that a ratio and a resolution name for a model, for pages, APIs and files alike."""

from django.conf import settings
from django.core.exceptions import ValidationError

from videos.models import VideoModel
from videos.shapes import Shape, named_size, nearest_size, shapes_of


def resolve_size(model: VideoModel, ratio: str = "", resolution: str = "") -> str:
    """Return the model's size with this ratio (16:9) and resolution (720p), in capitals or not.

    Where one of them is left out, it is the one that comes nearest to the studio's default size. Raises
    `ValidationError` by field (`ratio`, `resolution`), with what the model has instead.
    """
    ratio, resolution = ratio.strip().lower(), resolution.strip().lower()
    shapes = shapes_of(model.sizes)
    of_ratio = [each for each in shapes if ratio in ("", each.ratio)]
    if not of_ratio:
        raise _refusal("ratio", model.label, [each.ratio for each in shapes])
    found = [each for each in of_ratio if resolution in ("", each.resolution)]
    if not found:
        at = f" at {ratio}" if ratio else ""
        raise _refusal("resolution", f"{model.label}{at}", _resolutions(of_ratio))
    sizes = [each.size for each in found]
    return nearest_size(sizes, _default_size(ratio, resolution)) or sizes[0]


def _default_size(ratio: str, resolution: str) -> str:
    """Return the size with what is given of the two, and else of the studio's default size; may be empty."""
    default: str = settings.DEFAULT_SIZE
    shape = next(iter(shapes_of([default])), None)
    if shape is None:
        return ""
    return named_size(ratio or shape.ratio, resolution or shape.resolution) or default


def _resolutions(shapes: list[Shape]) -> list[str]:
    return [each.label for each in shapes]


def _refusal(field: str, what: str, supported: list[str]) -> ValidationError:
    listed = ", ".join(dict.fromkeys(supported)) or "none"
    return ValidationError({field: f"{what} supports these {field}s: {listed}."})
