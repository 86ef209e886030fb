"""Which image of a form is to be described."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext

from accounts.models import User
from videos.forms.images import IMAGE_FIELDS, ImagesForm
from videos.services.images import AnyImage


class DescribedImageForm(ImagesForm):
    """The first of the images that a form sends. The others are not looked at: decoding takes time."""

    def __init__(self, data: QueryDict, files: "MultiValueDict[str, Any]", *, owner: User) -> None:
        self.owner = owner
        chosen = _first(data, files)
        super().__init__(
            MultiValueDict({name: values for name, values in data.lists() if name == chosen}),
            MultiValueDict({name: values[:1] for name, values in files.lists() if name == chosen}),
        )

    def image(self) -> AnyImage:
        """Return the image. Raises `ValidationError` where there is none that can be described."""
        if not self.is_valid():
            raise ValidationError([text for texts in self.errors.values() for text in texts])
        image = next(iter(self.images), None)
        if image is None:
            raise ValidationError(gettext("Choose an image first."))
        return image


def _first(data: QueryDict, files: "MultiValueDict[str, Any]") -> str:
    for name in IMAGE_FIELDS:
        if files.get(f"input_{name}"):
            return f"input_{name}"
        if data.get(name):
            return name
    return ""
