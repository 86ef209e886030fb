"""Characters: create them from a clip or a video, at one backend, and delete them."""

from collections.abc import Iterable
from contextlib import suppress
from io import SEEK_END
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import roles
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from videos import subjects
from videos.containers import HEADER_BYTES, MP4, QUICKTIME, Container, container_of, detect_container
from videos.engine import enqueue
from videos.models import Backend, Character, State, Video
from videos.models.character import NAME_LIMIT
from videos.services.quota import require_room_for
from videos.services.storage_errors import storage_errors
from videos.validation import clean_line, has_visible_text, is_storable


def backends_with_characters(in_use: Iterable[Backend] | None = None) -> list[Backend]:
    """Return the backends in use that are known to have characters, the default first.

    Pass `in_use` to save a query where the backends have been read already.
    """
    known = Backend.objects.in_use() if in_use is None else in_use
    return [backend for backend in known if backend.can_characters is True]


def can_use_characters(owner_id: int | None, in_use: Iterable[Backend]) -> bool:
    """Whether a backend in use makes characters, or the owner has some already."""
    return (
        bool(backends_with_characters(in_use))
        or Character.objects.filter(owner=owner_id, deleted_at=None).exists()
    )


def create_character(
    owner: User, name: str, clip: BinaryIO, backend: Backend, *, hops: str = ""
) -> Character:
    """Keep the clip, an MP4 or a QuickTime file of at most `MAX_CHARACTER_CLIP_SIZE` bytes, and let a worker
    create a character from it. `hops` are the studios that the request came through.

    Raises `ValidationError` by field (`name`, `video`, `backend`). Whether the clip can be played is for the
    worker to find out, which says so in `error_message`.
    """
    size = clip.seek(0, SEEK_END)
    clip.seek(0)
    container = detect_container(clip.read(HEADER_BYTES))
    clip.seek(0)
    errors = _find_name_error(name) | _find_backend_error(backend)
    if size > settings.MAX_CHARACTER_CLIP_SIZE:
        sentence = gettext("The clip is larger than %(size)s.")
        errors["video"] = sentence % {"size": f"{settings.MAX_CHARACTER_CLIP_SIZE / 1048576:.3g} MB"}
    elif container not in (MP4, QUICKTIME):
        errors["video"] = gettext("The file is not an MP4 or MOV video.")
    if errors or container is None:
        raise ValidationError(errors)
    return _queue_character(owner, name, File(clip), container, backend, hops)


def create_character_from_video(owner: User, name: str, video: Video, *, hops: str = "") -> Character:
    """Make a character of the owner's completed video, at the video's backend.

    Raises `ValidationError` by field (`name`, `video`, `backend`).
    """
    errors = _find_name_error(name) | _find_video_error(video)
    if errors:
        raise ValidationError(errors)
    try:
        with video.playable_file.open("rb") as file:
            container = container_of(video.playable_file.name)
            return _queue_character(owner, name, File(file), container, video.backend, hops)
    except FileNotFoundError as error:
        sentence = gettext("The video's file is missing, so no character can be created.")
        raise ValidationError({"video": sentence}) from error


def find_character_problem(video: Video) -> str:
    """Return, as a sentence, why no character can be made of `video`; empty if one can."""
    return " ".join(_find_video_error(video).values())


def delete_character(character: Character) -> bool:
    """Hide the character everywhere. The protocol has no call that deletes it at the backend.

    Videos that show it keep it. Returns False if it was deleted before.
    """
    alive = Character.objects.filter(pk=character.pk, deleted_at=None)
    with transaction.atomic():
        deleted = alive.update(deleted_at=timezone.now(), due_at=None)
        if deleted:
            record(Action.DELETED, subjects.character(character))
    return bool(deleted)


def _find_name_error(name: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not has_visible_text(name):
        errors["name"] = gettext("Enter a name for the character.")
    elif len(clean_line(name)) > NAME_LIMIT:
        sentence = gettext("A name can have at most %(count)d characters.")
        errors["name"] = sentence % {"count": NAME_LIMIT}
    elif not is_storable(name):
        errors["name"] = gettext("The name contains a character that cannot be stored.")
    return errors


def _find_backend_error(backend: Backend) -> dict[str, str]:
    if backend in backends_with_characters():
        return {}
    return {"backend": gettext("%(backend)s does not support characters.") % {"backend": backend.name}}


def _find_video_error(video: Video) -> dict[str, str]:
    if video.state != State.COMPLETED or not video.file:
        return {"video": gettext("A character can only be created from a completed video.")}
    return _find_backend_error(video.backend)


def _queue_character(
    owner: User, name: str, clip: File[bytes], container: Container, backend: Backend, hops: str
) -> Character:
    roles.require_creator(owner)
    size, clean = clip.size, clean_line(name)
    character = Character(owner=owner, name=clean, backend=backend, byte_count=size, hops=hops)
    with storage_errors("video"):  # before the transaction: a store elsewhere may take its time
        character.file.save(f"clip{container.suffix}", clip, save=False)
    try:
        with transaction.atomic():
            require_room_for(owner, clip.size, "video")
            character.save()
            record(Action.CREATED, subjects.character(character))
            enqueue.send_after_commit("create_character", character.pk)
    except BaseException:
        with suppress(OSError):
            character.file.delete(save=False)
        raise
    return character
