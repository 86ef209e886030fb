"""The secrets that the database keeps, encrypted anew after SECRET_KEY was changed."""

from dataclasses import dataclass, field

from django.db import transaction

from audit.trail import record
from audit.vocabulary import Action
from contentgen import encryption
from videos import subjects
from videos.models import Backend, ConnectionDraft, ShareLink


@dataclass
class RotationResult:
    """How many keys were encrypted anew, how many needed nothing, and whose cannot be read.

    `links` is of how many share links the secret was encrypted anew.
    """

    rotated: int = 0
    links: int = 0
    current: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate_keys() -> RotationResult:
    """Encrypt each backend's stored key, and each open share link's secret, with SECRET_KEY, where one of
    SECRET_KEY_FALLBACKS encrypted it.

    Each key is a step of its own, after which it can be read as before: one that is cut off is run again. A
    key that somebody replaces meanwhile stays. Drafts, which last an hour, are forgotten where they need a
    fallback.
    """
    result = RotationResult()
    stored = Backend.objects.exclude(stored_key="").order_by("pk")
    for pk, name, token in stored.values_list("pk", "name", "stored_key"):
        if encryption.is_current(token):
            result.current += 1
        elif not encryption.is_readable(token):
            result.unreadable.append(name)
        else:
            result.rotated += _replace(pk, token)
    for draft in ConnectionDraft.objects.exclude(stored_key=""):
        if not encryption.is_current(draft.stored_key):
            draft.delete()
    result.links = _rotate_links()
    return result


def _rotate_links() -> int:
    """Encrypt the secrets of open links anew. One that cannot be read opens all the same: it is found by its
    digest, and only no longer shown.
    """
    rotated = 0
    for pk, token in ShareLink.objects.active().values_list("pk", "encrypted_secret"):
        if not encryption.is_current(token) and encryption.is_readable(token):
            anew = encryption.encrypt(encryption.decrypt(token))
            rotated += ShareLink.objects.filter(pk=pk).update(encrypted_secret=anew)
    return rotated


def _replace(pk: int, token: str) -> int:
    """Return 1, or 0 where somebody was faster."""
    anew = encryption.encrypt(encryption.decrypt(token))
    with transaction.atomic():
        replaced = Backend.objects.filter(pk=pk, stored_key=token).update(stored_key=anew)
        if replaced:
            record(Action.KEY_SET, subjects.backend(Backend.objects.get(pk=pk)), note="Encrypted anew.")
    return replaced
