"""A person or thing that can appear in many videos."""

import secrets
from pathlib import PurePath

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from videos.backends.hops import MAX_LENGTH
from videos.models.backend import Backend
from videos.models.search_text import SearchTextField

NAME_LIMIT = 80  # characters, as the protocol has it


def new_character_id() -> str:
    """Return an id that cannot be guessed (128 bits)."""
    return f"char_{secrets.token_hex(16)}"


def _path(character: "Character", name: str) -> str:
    return f"characters/{character.owner_id}/{character.public_id}{PurePath(name).suffix}"


class Character(models.Model):
    """A character made from a clip and kept by one backend; no other backend knows it.

    `backend_character_id` is empty until the backend has accepted it; `error_message` says why it did not.
    """

    public_id = models.CharField(max_length=64, unique=True, default=new_character_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="characters")
    backend = models.ForeignKey(Backend, on_delete=models.PROTECT, related_name="characters")
    name = models.CharField(max_length=NAME_LIMIT)
    search_text = SearchTextField("name")
    file = models.FileField(upload_to=_path, max_length=255, editable=False)
    byte_count = models.PositiveBigIntegerField(
        null=True, default=0, editable=False, help_text=_("Of the clip. Empty: not measured yet.")
    )
    backend_character_id = models.CharField(max_length=512, blank=True, editable=False)
    error_message = models.TextField(blank=True, editable=False)
    error_detail = models.TextField(blank=True, editable=False)
    hops = models.CharField(
        max_length=MAX_LENGTH,
        blank=True,
        editable=False,
        help_text=_("The studios that it was asked for through, by their installations."),
    )
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(
        default=timezone.now,
        null=True,
        editable=False,
        help_text=_("When to send it next; empty when it is ready or has failed."),
    )
    attempts = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready(self) -> bool:
        """Whether videos can use it."""
        return bool(self.backend_character_id) and self.deleted_at is None

    @property
    def is_pending(self) -> bool:
        """Whether a worker has yet to send it or is sending it; otherwise it is ready or has failed."""
        return self.due_at is not None
