"""Make, change, list and revoke links by which people without an account watch.

A person shares their own videos, and the collections that are theirs: whoever adds a video to somebody's
collection trusts its owner with it, and no editor decides what leaves the studio.
"""

import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts import roles
from accounts.models import User
from audit.trail import changed_values, record, record_all
from audit.vocabulary import Action
from contentgen import encryption
from videos import subjects
from videos.formatting import count_of
from videos.models import Collection, ShareLink, State, Video
from videos.models.share_link import LINK_TITLE_LIMIT, ShareLinkQuerySet
from videos.validation import clean_line, has_visible_text, is_storable

MIN_PASSWORD, MAX_PASSWORD = 6, 128  # characters
MAX_ACTIVE_LINKS = 50  # to one video or collection

_SECRET_BYTES = 24  # 192 bits; an address that nobody can guess has at least 128
SWITCHED_OFF = gettext_noop("Share links are switched off in this studio.")


@dataclass(frozen=True)
class LinkOptions:
    """What a link shows and allows. `title` is what visitors read above the video; empty for none."""

    title: str = ""
    shows_prompt: bool = False
    allows_download: bool = False
    allows_comments: bool = False


def default_days() -> int:
    """Return after how many days a link expires whose maker says nothing."""
    return min(settings.SHARE_LINK_DAYS, settings.SHARE_LINK_MAX_DAYS)


def create_link(
    owner: User,
    shared: Video | Collection,
    options: LinkOptions,
    *,
    days: int | None,
    password: str = "",
) -> ShareLink:
    """Create a link to a finished video or a collection of the owner's own.

    It expires after `days`; None, for never, only where the operator allows it. An empty `password` is none.
    Raises `ValidationError` by field (`days`, `password`, `title`, or about the whole).
    """
    _require_shareable(owner, shared)
    title, expires_at, hashed = clean_title(options.title), _expiry(days), _hash_password(password)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    target = {"video": shared} if isinstance(shared, Video) else {"collection": shared}
    with transaction.atomic():
        link = ShareLink.objects.create(
            owner=owner,
            **target,
            digest=digest_of(secret),
            encrypted_secret=encryption.encrypt(secret),
            password=hashed,
            **asdict(options) | {"title": title},
            expires_at=expires_at,
        )
        record(Action.CREATED, subjects.share_link(link), note=_terms(link))
    return link


def change_link(link: ShareLink, options: LinkOptions) -> None:
    """Change what the link shows and allows, from the next request on. Raises `ValidationError` (`title`)."""
    fields = asdict(options) | {"title": clean_title(options.title)}
    changes = changed_values({name: getattr(link, name) for name in fields}, fields)
    for name, value in fields.items():
        setattr(link, name, value)
    with transaction.atomic():
        link.save(update_fields=list(fields))
        if changes:
            record(Action.CHANGED, subjects.share_link(link), changes=changes)


def is_shareable(user: User, video: Video) -> bool:
    """Whether the person could make a link to this video now; no query is made to find out."""
    is_ready = video.state == State.COMPLETED and bool(video.file) and video.trashed_at is None
    return bool(settings.SHARE_LINKS and is_ready and video.owner_id == user.pk and roles.may_create(user))


def may_link_to(user: User, collection: Collection) -> bool:
    """Whether the person could make a link to this collection, but for how many there are."""
    return bool(settings.SHARE_LINKS and collection.owner_id == user.pk and roles.may_create(user))


def revoke_links(links: ShareLinkQuerySet, *, note: str = "") -> int:
    """Revoke the links for good: their pages and files are gone at once. Returns how many were open.

    `note` says why, for the audit log.
    """
    with transaction.atomic():
        rows = links.filter(revoked_at=None).select_related("video", "collection")
        revoked = list(rows.select_for_update(of=("self",)))
        ShareLink.objects.filter(pk__in=[link.pk for link in revoked]).update(revoked_at=timezone.now())
        record_all(Action.REVOKED, map(subjects.share_link, revoked), note=note)
    return len(revoked)


def links_of(shared: Video | Collection) -> ShareLinkQuerySet:
    """Return the links to a video or a collection that its owner made, newest first."""
    own = ShareLink.objects.owned_by(shared.owner_id)
    return own.filter(video=shared) if isinstance(shared, Video) else own.filter(collection=shared)


def listed(links: ShareLinkQuerySet) -> ShareLinkQuerySet:
    """Return the links with all that a list shows of them, in one query."""
    counted = links.annotate(counted_comments=Count("comments"))
    return counted.select_related("owner", "video", "collection")


def visible_links(user: User, *, team: bool) -> ShareLinkQuerySet:
    """Return one's own links; with `team`, for those who may manage, everybody's."""
    if team and roles.may_manage(user):
        return ShareLink.objects.all()
    return ShareLink.objects.owned_by(user)


def digest_of(secret: str) -> str:
    """Return by what a link is found."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def clean_title(text: str) -> str:
    """Return a title that can be stored, empty where there is nothing to see. Raises `ValidationError`."""
    if not is_storable(text):
        raise ValidationError({"title": gettext("The title contains a character that cannot be stored.")})
    title = clean_line(text) if has_visible_text(text) else ""
    if len(title) > LINK_TITLE_LIMIT:
        raise ValidationError(
            {"title": gettext("A title can have at most %(count)s characters.") % {"count": LINK_TITLE_LIMIT}}
        )
    return title


def _require_shareable(owner: User, shared: Video | Collection) -> None:
    if not settings.SHARE_LINKS:
        raise _refusal(gettext(SWITCHED_OFF))
    roles.require_creator(owner)
    if shared.owner_id != owner.pk or shared.deleted_at is not None:
        raise _refusal(gettext("You can share what is yours alone."))
    if isinstance(shared, Video):
        _require_finished(shared)
    if links_of(shared).active().count() >= MAX_ACTIVE_LINKS:
        raise _refusal(
            gettext("There are %(count)s links to this already. Revoke one first.")
            % {"count": MAX_ACTIVE_LINKS}
        )


def _require_finished(video: Video) -> None:
    if video.trashed_at is not None:
        raise _refusal(gettext("A video in the trash cannot be shared. Restore it first."))
    if video.state != State.COMPLETED or not video.file:
        raise _refusal(gettext("Only a finished video can be shared."))


def _terms(link: ShareLink) -> str:
    """Return in words what the link shows and allows, and for how long; of a password, that there is one."""
    switches = {
        "shows the prompt": link.shows_prompt,
        "allows downloads": link.allows_download,
        "allows comments": link.allows_comments,
        "asks for a password": link.has_password,
        f"expires {link.expires_at:%Y-%m-%d %H:%M} UTC" if link.expires_at else "never expires": True,
    }
    return "; ".join(words for words, is_on in switches.items() if is_on)


def _refusal(sentence: str) -> ValidationError:
    return ValidationError({NON_FIELD_ERRORS: sentence})


def _expiry(days: int | None) -> datetime | None:
    if days is None:
        if settings.SHARE_LINKS_WITHOUT_EXPIRY:
            return None
        raise ValidationError({"days": gettext("A link must expire in this studio.")})
    longest = settings.SHARE_LINK_MAX_DAYS
    if not 1 <= days <= longest:
        raise ValidationError(
            {"days": gettext("A link can last from 1 day to %(days)s.") % {"days": count_of(longest, "day")}}
        )
    return timezone.now() + timedelta(days=days)


def _hash_password(password: str) -> str:
    if not password:
        return ""
    if not is_storable(password):
        raise ValidationError(
            {"password": gettext("The password contains a character that cannot be typed.")}
        )
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        sentence = gettext("A password must have %(least)s to %(most)s characters.")
        raise ValidationError({"password": sentence % {"least": MIN_PASSWORD, "most": MAX_PASSWORD}})
    return make_password(password)
