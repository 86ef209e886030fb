"""Which models somebody reaches for: their favourites, the studio's, and those used last."""

from accounts.models import User
from videos.models import Video, VideoModel

MAX_RECENT = 5  # models
_VIDEOS_EXAMINED = 100  # the newest ones, for the models used last


class UnknownModelError(Exception):
    """There is no such model."""


def set_favourite_model(user: User, name: str, *, on: bool) -> VideoModel:
    """Add the model to the user's favourites, or take it out; doing so twice changes nothing.

    Returns the model. Raises `UnknownModelError`.
    """
    model = VideoModel.objects.filter(name=name, enabled=True).first()
    if model is None:
        raise UnknownModelError
    if on:
        model.favourite_of.add(user)
    else:
        model.favourite_of.remove(user)
    return model


def favourite_models(user: User) -> set[str]:
    """Return the names of the user's own favourites."""
    return set(VideoModel.objects.filter(favourite_of=user).values_list("name", flat=True))


def recent_models(user: User) -> list[str]:
    """Return the names of the models that the user's newest videos were made with, the last one first."""
    newest = Video.objects.owned_by(user).order_by("-pk").values_list("model", flat=True)
    return list(dict.fromkeys(newest[:_VIDEOS_EXAMINED]))[:MAX_RECENT]
