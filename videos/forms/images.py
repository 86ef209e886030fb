"""The images of a form: each is uploaded, or chosen from the images that its owner has."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from accounts.models import User
from contentgen.stored_texts import translated
from videos.media.reference import BadReferenceError, open_reference
from videos.models import Fit, ReferenceImage
from videos.models.video_model import MAX_REFERENCES
from videos.services.images import MISSING, NewImage, RequestImages
from videos.validation import is_public_id

IMAGE_FIELDS = ("reference", "last_frame", "references")  # each has a second one for its upload: `input_…`


class _SeveralFiles(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class _FilesField(forms.FileField):
    """Several files, cleaned to a list of those that are none of them empty."""

    widget = _SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, (list, tuple)) else [data] if data else []
        return [super(_FilesField, self).clean(each, initial) for each in files]


class _SeveralValues(forms.SelectMultiple):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)


class _IdsField(forms.Field):
    """Ids, cleaned to a list of texts."""

    widget = _SeveralValues

    def to_python(self, value: Any) -> list[str]:
        return [str(each) for each in value if each] if isinstance(value, (list, tuple)) else []


class ImagesForm(forms.Form):
    """The part of a form that holds images. `images` are those of a form that was validated.

    Uploads are cleaned to opened images, ids to the `owner`'s rows; nothing is stored. Of an upload and an id
    for one frame the upload counts: whoever sends a file means that one.
    """

    owner: User

    input_reference = forms.FileField(required=False)
    reference = forms.CharField(required=False)
    input_last_frame = forms.FileField(required=False)
    last_frame = forms.CharField(required=False)
    input_references = _FilesField(required=False)
    references = _IdsField(required=False)
    fit = forms.ChoiceField(
        choices=Fit.choices, required=False, error_messages={"invalid_choice": "Choose Crop or Pad."}
    )

    @property
    def images(self) -> RequestImages:
        """The images, as far as they are valid."""
        data = self.cleaned_data
        return RequestImages(
            data.get("input_reference") or data.get("reference"),
            data.get("input_last_frame") or data.get("last_frame"),
            (*(data.get("references") or ()), *(data.get("input_references") or ())),
        )

    @cached_property
    def chosen_reference(self) -> ReferenceImage | None:
        """The owner's image whose id the form has, or starts with; None when there is no such image.

        A deleted one counts too, for one may make another video like those that still have it.
        """
        return self._own_image(self["reference"].value())

    @cached_property
    def chosen_last_frame(self) -> ReferenceImage | None:
        """As `chosen_reference`, of the last frame."""
        return self._own_image(self["last_frame"].value())

    @cached_property
    def chosen_references(self) -> list[ReferenceImage]:
        """As `chosen_reference`, of the further images, in order."""
        ids = [each for each in self["references"].value() or [] if is_public_id(each)]
        found = self._own_images(ids[: MAX_REFERENCES + 1]) if ids else {}
        return [found[each] for each in ids if each in found]

    @property
    def has_unusable_image(self) -> bool:
        """Whether an image itself is at fault, rather than that the model does not take it."""
        return self._has_unusable_image

    _has_unusable_image = False

    def clean_fit(self) -> Fit:
        return Fit(self.cleaned_data["fit"] or Fit.CROP)

    def clean_input_reference(self) -> NewImage | None:
        return self._open(self.cleaned_data["input_reference"])

    def clean_input_last_frame(self) -> NewImage | None:
        return self._open(self.cleaned_data["input_last_frame"])

    def clean_input_references(self) -> tuple[NewImage, ...]:
        files = self.cleaned_data["input_references"]
        if len(files) > MAX_REFERENCES:  # each takes up to half a second to decode
            raise ValidationError(f"A video can have at most {MAX_REFERENCES} references.")
        return tuple(image for file in files if (image := self._open(file)))

    def clean_reference(self) -> ReferenceImage | None:
        return self._chosen("reference", lambda: self.chosen_reference)

    def clean_last_frame(self) -> ReferenceImage | None:
        return self._chosen("last_frame", lambda: self.chosen_last_frame)

    def clean_references(self) -> tuple[ReferenceImage, ...]:
        if len(self.chosen_references) < len(self.cleaned_data["references"]):
            self._has_unusable_image = True
            raise ValidationError(MISSING)
        return tuple(self.chosen_references)

    def _chosen(self, name: str, image: Callable[[], ReferenceImage | None]) -> ReferenceImage | None:
        if not self.cleaned_data[name] or self.files.get(f"input_{name}"):
            return None
        if image() is None:
            self._has_unusable_image = True
            raise ValidationError(MISSING)
        return image()

    def _open(self, upload: "UploadedFile[bytes] | None") -> NewImage | None:
        if upload is None:
            return None
        try:
            opened = open_reference(upload, max_bytes=settings.MAX_FILE_SIZE)  # type: ignore[arg-type]
        except BadReferenceError as error:
            self._has_unusable_image = True
            raise ValidationError(translated(str(error)), code=error.code) from error
        return NewImage(opened, upload.name or "")

    def _own_image(self, public_id: object) -> ReferenceImage | None:
        text = str(public_id or "")
        return self._own_images([text]).get(text) if is_public_id(text) else None

    def _own_images(self, public_ids: Sequence[str]) -> dict[str, ReferenceImage]:
        own = ReferenceImage.objects.filter(owner=self.owner, public_id__in=public_ids)
        return {image.public_id: image for image in own}
