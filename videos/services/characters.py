"""Characters: made from a clip, kept by one backend, and gone when their owner says so."""

from collections.abc import Iterable
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from videos.engine import enqueue
from videos.models import Backend, Character, State, Video
from videos.models.character import NAME_LIMIT
from videos.validation import is_unicode


def backends_with_characters(in_use: Iterable[Backend] | None = None) -> list[Backend]:
    """Return the backends in use that are known to have characters, the default first.

    Who has read those `in_use` before hands them in.
    """
    known = Backend.objects.in_use() if in_use is None else in_use
    return [backend for backend in known if backend.can_characters is True]


def has_characters(owner_id: int | None, in_use: Iterable[Backend]) -> bool:
    """Whether characters can be made at one of these backends, or the person has some."""
    return (
        bool(backends_with_characters(in_use))
        or Character.objects.filter(owner=owner_id, deleted_at=None).exists()
    )


def create_character(owner: User, name: str, clip: BinaryIO, backend: Backend) -> Character:
    """Keep the clip, an MP4 of at most `MAX_FILE_SIZE` bytes, and let a worker make a character of it.

    Raises `ValidationError` by field (`name`, `video`, `backend`). Whether the clip can be played is found
    out by the worker, which says so in `error_message`.
    """
    content = clip.read(settings.MAX_FILE_SIZE + 1)
    errors = _wrong_name(name) | _wrong_backend(backend)
    if len(content) > settings.MAX_FILE_SIZE:
        errors["video"] = f"The clip is larger than {settings.MAX_FILE_SIZE / 1048576:.3g} MB."
    elif content[4:8] != b"ftyp":
        errors["video"] = "The file is not an MP4."
    if errors:
        raise ValidationError(errors)
    return _queued(owner, name, ContentFile(content), backend)


def create_character_from_video(owner: User, name: str, video: Video) -> Character:
    """Make a character of a completed video of one's own, at the video's backend. Raises as `make` does."""
    errors = _wrong_name(name) | _wrong_video(video)
    if errors:
        raise ValidationError(errors)
    try:
        with video.file.open("rb") as file:
            return _queued(owner, name, File(file), video.backend)
    except FileNotFoundError as error:
        raise ValidationError({"video": "The video's file is lost, so nothing can be made of it."}) from error


def why_no_character(video: Video) -> str:
    """Say why no character can be made of `video`; empty when one can."""
    return " ".join(_wrong_video(video).values())


def delete_character(character: Character) -> bool:
    """Take the character off every list. The protocol knows no call that deletes it at the backend.

    Videos that have it keep it. Returns False when it was deleted before.
    """
    alive = Character.objects.filter(pk=character.pk, deleted_at=None)
    return bool(alive.update(deleted_at=timezone.now(), due_at=None))


def _wrong_name(name: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not name.strip():
        errors["name"] = "Give the character a name."
    elif len(name.strip()) > NAME_LIMIT:
        errors["name"] = f"A name has at most {NAME_LIMIT} characters."
    elif "\x00" in name or not is_unicode(name):
        errors["name"] = "The name holds a character that cannot be stored."
    return errors


def _wrong_backend(backend: Backend) -> dict[str, str]:
    return {} if backend in backends_with_characters() else {"backend": f"{backend.name} has no characters."}


def _wrong_video(video: Video) -> dict[str, str]:
    if video.state != State.COMPLETED or not video.file:
        return {"video": "Only a completed video can become a character."}
    return _wrong_backend(video.backend)


def _queued(owner: User, name: str, clip: File, backend: Backend) -> Character:  # type: ignore[type-arg]
    with transaction.atomic():
        character = Character(owner=owner, name=name.strip(), backend=backend)
        character.file.save("clip.mp4", clip, save=False)
        character.save()
        enqueue.send_after_commit("cast", character.pk)
    return character
