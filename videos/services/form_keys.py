"""One-time keys of forms: a form that is sent twice creates its videos once.

Each form that is drawn carries a fresh key. Two clicks without a script, Back and Send again, a reload or a
reply that was lost send the same key with the same content; the second one gets the videos of the first.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from accounts.models import User
from videos.models import ApprovalRequest, IdempotencyRecord, Video

KEY_LIMIT = 100  # characters of a key that a form sends; a longer one is not ours


def new_form_key() -> str:
    """Return a key that no other form has."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class Submission:
    """What a form led to: the videos it asked for, in order, and whether they were created now.

    A repeated form whose videos have been deleted since has none. `videos` is None where nothing could be
    created; then the form says why. `approval` is what waits for a manager instead.
    """

    videos: list[Video] | None
    is_new: bool
    approval: ApprovalRequest | None = None


# What a form creates: its videos, or what waits for approval; None where that failed.
Created = list[Video] | ApprovalRequest | None


def _submission(created: Created, *, is_new: bool) -> Submission:
    if isinstance(created, ApprovalRequest):
        return Submission([], is_new, created)
    return Submission(created, is_new)


def fingerprint_form(action: str, fields: Mapping[str, Sequence[str]], files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 that two forms share if they ask for the same: page, fields, and files' contents."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    content = json.dumps([action, {name: list(values) for name, values in fields.items()}, digests])
    return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()


def create_once_per_form(
    owner: User, key: str, fingerprint: str, create: Callable[[], Created]
) -> Submission:
    """Create the videos of a form, unless the same form created them before; those are returned then.

    The content counts too: whoever goes back, changes the prompt and sends the form wants another video.
    Forms of one person take turns here, so two at the same instant create once. A form without a key (opened
    before an upgrade, or sent by a script) is carried out each time it is sent. `create` returns None when it
    cannot create anything, which uses nothing up; whatever it raises undoes all of it.
    """
    if not key or len(key) > KEY_LIMIT:
        return _submission(create(), is_new=True)
    # Apart from the keys of programs, which share the column. Hashed, so that it fits whatever was sent.
    record_key = f"form:{hashlib.sha256(f'{key}:{fingerprint}'.encode(errors='replace')).hexdigest()}"
    records = IdempotencyRecord.objects.select_related("video", "approval").defer("approval__data")
    record = records.filter(owner=owner, key=record_key)
    try:
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=owner.pk)
            if earlier := record.first():
                return _earlier_submission(earlier)
            made = _submission(create(), is_new=True)
            if made.videos or made.approval:
                IdempotencyRecord.objects.create(
                    owner=owner,
                    key=record_key,
                    fingerprint=fingerprint,
                    video=next(iter(made.videos or ()), None),
                    approval=made.approval,
                )
            return made
    except IntegrityError:  # where rows cannot be locked, the constraint tells who came first
        earlier = record.all().first()
        if earlier is None:
            raise
        return _earlier_submission(earlier)


def _earlier_submission(record: IdempotencyRecord) -> Submission:
    if record.approval is not None and record.video is None:
        return Submission([], is_new=False, approval=record.approval)
    return Submission(_videos_of(record), is_new=False)


def _videos_of(record: IdempotencyRecord) -> list[Video]:
    """The videos that the form created, as far as they still exist; the record names the first."""
    first = record.video
    if first is None:
        return []
    if first.take_group is None:
        return [] if first.deleted_at else [first]
    visible = Video.objects.filter(owner=record.owner_id, deleted_at=None)
    return list(visible.filter(take_group=first.take_group).order_by("take"))
