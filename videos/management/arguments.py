"""What someone types or writes into a file, made into wishes."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from videos.media.reference import BadReferenceError, Reference, open_reference
from videos.models import State, Video

RECENT = timedelta(hours=24)

# Everything that makes two videos the same wish: prompt, model, seconds, size, SHA-256 of the reference, fit.
Settings = tuple[str, str, int, str, str, str]


def person(username: str | None) -> User:
    """Return the account that `--user` names; without a name the studio's owner, or the only superuser.

    Raises `CommandError` when there is no such account or it is locked.
    """
    if username is not None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"--user: there is no account “{username}”.")
    else:
        user = _whose_studio()
    if not user.is_active:
        raise CommandError(f"--user: the account “{user.username}” is locked.")
    return user


def _whose_studio() -> User:
    owner = User.objects.filter(username=settings.OWNER_USERNAME).first()
    if owner is not None:
        return owner
    superusers = User.objects.filter(is_superuser=True, is_active=True)[:2]
    if len(superusers) != 1:
        raise CommandError("--user: say whose video this is; no account stands out as the studio's owner.")
    return superusers[0]


def reference_at(path: Path) -> Reference:
    """Open the picture at `path`. Raises `ValueError` with a sentence when it cannot be a reference."""
    try:
        if not path.is_file():
            raise ValueError(f"there is no file “{path}”.")
        with path.open("rb") as file:
            return open_reference(file, max_bytes=settings.MAX_FILE_SIZE)
    except BadReferenceError as error:
        raise ValueError(f"“{path}”: {error}") from error
    except OSError as error:
        raise ValueError(f"“{path}” cannot be read: {error.strerror}.") from error


def naming_the_option(error: ValidationError) -> CommandError:
    """Return the service's complaint as one about the command line."""
    return CommandError(
        " ".join(
            f"{'PROMPT' if field == 'prompt' else f'--{field}'}: {' '.join(sentences)}"
            for field, sentences in error.message_dict.items()
        )
    )


def asked_before(owner: User, wishes: Iterable[Settings]) -> set[Settings]:
    """Return which of these `owner` asked for in the last 24 hours, failed and canceled ones left out."""
    wanted = set(wishes)
    recent = Video.objects.filter(owner=owner, created_at__gte=timezone.now() - RECENT)
    made = recent.exclude(state__in=[State.FAILED, State.CANCELED]).order_by()
    fields = "prompt", "model", "seconds", "size", "reference__sha256", "reference_fit"
    found: set[Settings] = set()
    for prompt, model, seconds, size, sha256, fit in made.values_list(*fields).iterator(chunk_size=500):
        wish = prompt, model, seconds, size, sha256 or "", fit if sha256 else ""
        if wish in wanted:
            found.add(wish)
    return found
