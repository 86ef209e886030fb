"""What the page for a new batch may send."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext

from videos.models.batch import NAME_LIMIT
from videos.models.collection import COLLECTION_NAME_LIMIT
from videos.services.batch_file import SUFFIXES
from videos.services.batch_input import BatchInput

_SHARED = ("model", "seconds", "size", "tags", "collection")  # what rows ask for that say nothing of it
MAX_TABLE_LENGTH = 1_500_000  # characters that are typed or pasted: longer ones come as a file


class BatchForm(forms.Form):
    """A file or a table, a template, images, and what rows ask for that do not say it themselves."""

    name = forms.CharField(required=False, max_length=NAME_LIMIT)
    file = forms.FileField(required=False, allow_empty_file=True)
    table = forms.CharField(required=False, max_length=MAX_TABLE_LENGTH, strip=False)
    template = forms.CharField(required=False, max_length=32_000)
    images = forms.FileField(required=False)
    model = forms.CharField(required=False, max_length=100)
    seconds = forms.CharField(required=False, max_length=10)
    size = forms.CharField(required=False, max_length=20)
    tags = forms.CharField(required=False, max_length=400)
    collection = forms.CharField(required=False, max_length=COLLECTION_NAME_LIMIT)
    override = forms.BooleanField(required=False)

    file.widget.attrs["accept"] = ",".join(SUFFIXES)
    images.widget.attrs["accept"] = ".zip,application/zip"

    def clean_file(self) -> "UploadedFile[bytes] | None":
        file: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if file and (file.size or 0) > settings.MAX_BATCH_FILE_SIZE:
            sentence = gettext("The file is larger than %(limit)s MB. Split it into several.")
            raise ValidationError(sentence % {"limit": f"{settings.MAX_BATCH_FILE_SIZE / 1048576:.3g}"})
        return file

    def clean_images(self) -> "UploadedFile[bytes] | None":
        archive: UploadedFile[bytes] | None = self.cleaned_data["images"]
        if archive and (archive.size or 0) > settings.MAX_BATCH_ZIP_SIZE:
            sentence = gettext("The ZIP is larger than %(limit)s MB. Use smaller images.")
            raise ValidationError(sentence % {"limit": f"{settings.MAX_BATCH_ZIP_SIZE / 1048576:.3g}"})
        return archive

    @property
    def sent(self) -> BatchInput:
        """What a valid form has sent."""
        data: dict[str, Any] = self.cleaned_data
        file, archive = data["file"], data["images"]
        return BatchInput(
            name=data["name"],
            content=file.read() if file else b"",
            file_name=(file.name or "batch.csv") if file else "",
            table=data["table"],
            template=data["template"],
            archive=archive.file if archive else None,
            defaults={name: data[name] for name in _SHARED},
            override=data["override"],
        )
