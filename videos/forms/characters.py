"""Forms that create a character. `videos.services.characters` decides what is valid, not these forms."""

from functools import cached_property
from typing import Any, BinaryIO, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.models import User
from videos.forms.base import CreationForm
from videos.models import Backend, Character, Video
from videos.models.character import NAME_LIMIT
from videos.services.characters import backends_with_characters, create_character, create_character_from_video


class _NamedForm(CreationForm[Character]):
    """A form that creates a character when it is saved."""

    name = forms.CharField(required=False)

    name_limit = NAME_LIMIT


class CharacterForm(_NamedForm):
    """Creates a character from an uploaded clip. `backend` is optional where only one has characters."""

    video = forms.FileField(required=False)
    backend = forms.IntegerField(required=False)

    @cached_property
    def backends(self) -> list[Backend]:
        """Where it can be created."""
        return backends_with_characters()

    @property
    def file_limit(self) -> int:
        """Bytes of the clip."""
        return settings.MAX_CHARACTER_CLIP_SIZE

    def clean_backend(self) -> Backend:
        number = self.cleaned_data["backend"]
        if not self.backends:
            raise ValidationError(gettext("No enabled backend supports characters."))
        if number is None and len(self.backends) == 1:
            return self.backends[0]
        chosen = next((backend for backend in self.backends if backend.pk == number), None)
        if chosen is None:
            raise ValidationError(gettext("Choose a backend that supports characters."))
        return chosen

    def clean_video(self) -> Any:
        if self.cleaned_data["video"] is None:
            raise ValidationError(gettext("Choose an MP4 or MOV clip."))
        return self.cleaned_data["video"]

    def _create(self, owner: User) -> Character:
        data = self.cleaned_data
        return create_character(owner, data["name"], cast(BinaryIO, data["video"]), data["backend"])


class VideoCharacterForm(_NamedForm):
    """Creates a character from a finished video."""

    def __init__(self, source: Video, data: Any = None) -> None:
        super().__init__(data)
        self.source = source

    def _create(self, owner: User) -> Character:
        return create_character_from_video(owner, self.cleaned_data["name"], self.source)
