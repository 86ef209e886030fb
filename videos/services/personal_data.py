"""What the studio knows of a person, for that person to take along."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import QuerySet

from accounts.models import User
from audit.models import Entry
from audit.vocabulary import Kind
from billing.money import plain_amount
from notifications.inbox import describe_for_export
from notifications.models import Inbox
from videos.engine.storage_use import quota_of, used_bytes
from videos.models import (
    ApprovalRequest,
    Batch,
    BatchRow,
    Character,
    Collection,
    CollectionMember,
    OwnerQueue,
    PromptTemplate,
    ReferenceImage,
    RowState,
    ShareComment,
    ShareLink,
    Video,
    VideoTransition,
    Visibility,
)
from webhooks.models import Endpoint

_Table = tuple[str, QuerySet[Any], tuple[str, ...]]


def describe_account(user: User) -> Iterator[tuple[str, list[dict[str, Any]] | dict[str, Any]]]:
    """Yield all rows about the person but the videos, by what they are about; no secret is among them.

    Each is read when it is asked for.
    """
    yield "profile", _profile(user)
    for name, rows, fields in _tables(user):
        yield name, _rows(rows, *fields)
    yield "notifications", describe_for_export(user.pk)


def _tables(user: User) -> list[_Table]:
    """Return the tables that tell of the person: a name, the rows, and the columns that are theirs to see."""
    return [*_account_tables(user), *_work_tables(user), *_sharing_tables(user)]


def _account_tables(user: User) -> list[_Table]:
    made = ("created_at", "last_used_at", "expires_at", "revoked_at")
    joined = ("created_at", "expires_at", "accepted_at", "revoked_at")
    sessions = UserSession.objects.filter(user=user)
    activity = Entry.objects.filter(owner_id=user.pk, kind=Kind.USER)
    hook = ("public_id", "url", "description", "kinds", "is_studio_wide", "state", "created_at")
    return [
        ("email_addresses", EmailAddress.objects.filter(user=user), ("email", "verified", "primary")),
        ("connections", SocialAccount.objects.filter(user=user), ("uid", "date_joined", "extra_data")),
        ("sessions", sessions, ("ip", "user_agent", "created_at", "last_seen_at")),
        ("activity", activity, ("at", "action", "address", "door", "note")),
        ("api_tokens", user.api_tokens.all(), ("name", "scope", *made)),
        ("invitations", user.invitations.all(), ("email", "role", *joined)),
        ("budgets", user.budgets.all(), ("period", "amount", "is_soft")),
        ("storage_notices", user.storage_notices.all(), ("kind", "told_at")),
        ("webhooks", Endpoint.objects.owned_by(user), hook),
        (
            "notification_preferences",
            Inbox.objects.filter(user=user),
            ("choices", "has_sound", "long_minutes"),
        ),
    ]


def _work_tables(user: User) -> list[_Table]:
    images = references_of(user)
    characters = Character.objects.filter(owner=user, deleted_at=None)
    template = ("title", "category", "prompt", "model", "seconds", "size")
    request = ("public_id", "kind", "prompt", "model", "count", "price", "state", "requested_at")
    batch = ("public_id", "name", "file_name", "state", "row_count", "estimate")
    # The others have become videos, which say what was asked for themselves.
    rows = BatchRow.objects.filter(batch__owner=user).exclude(state=RowState.CREATED).order_by("pk")
    return [
        ("templates", PromptTemplate.objects.filter(owner=user), template),
        ("tags", user.tags.all(), ("name",)),
        ("favourite_models", user.favourite_models.all(), ("name",)),
        ("characters", characters, ("public_id", "name", "created_at")),
        ("references", images, ("public_id", "name", "content_type", "width", "height", "created_at")),
        (
            "queue",
            OwnerQueue.objects.filter(owner=user),
            ("paused_at", "staff_paused_at", "staff_pause_note"),
        ),
        (
            "video_history",
            _history_of(user),
            ("video__public_id", "at", "old", "new", "error_code", "username"),
        ),
        ("batches", Batch.objects.owned_by(user), (*batch, "created_at", "started_at", "finished_at")),
        ("batch_rows_without_a_video", rows, ("batch__public_id", "key", "request", "state", "error")),
        (
            "approval_requests",
            ApprovalRequest.objects.owned_by(user),
            (*request, "expires_at", "decided_at", "note", "problem"),
        ),
    ]


def _sharing_tables(user: User) -> list[_Table]:
    link = ("public_id", "title", "shows_prompt", "allows_download", "allows_comments", "views")
    joined = ("collection__public_id", "collection__name", "role", "added_at")
    return [
        (
            "collections",
            Collection.objects.owned_by(user),
            (
                *("public_id", "name", "description", "visibility"),
                *("retention", "retention_days", "trash_days", "created_at"),
            ),
        ),
        ("shared_collections", _memberships_of(user), joined),
        ("share_links", ShareLink.objects.owned_by(user), (*link, "created_at", "expires_at", "revoked_at")),
        ("comments", ShareComment.objects.filter(author=user), ("text", "created_at")),
    ]


def _memberships_of(user: User) -> QuerySet[CollectionMember]:
    """Return what is shared with the person. Rows of a collection that is private now tell nothing."""
    shared = user.collection_memberships.filter(collection__deleted_at=None)
    return shared.exclude(collection__visibility=Visibility.PRIVATE)


def _history_of(user: User) -> QuerySet[VideoTransition]:
    """Return what became of the person's videos, as their pages tell it: who did it, and not from where."""
    return VideoTransition.objects.filter(video__in=videos_of(user).order_by()).order_by("pk")


def videos_of(user: User) -> QuerySet[Video]:
    """Return the person's videos, the trash included, newest first."""
    return Video.objects.owned_by(user).order_by("-pk")


def references_of(user: User) -> QuerySet[ReferenceImage]:
    """Return the person's reference images, newest first."""
    return ReferenceImage.objects.owned_by(user).order_by("-pk")


def _profile(user: User) -> dict[str, Any]:
    fields = (
        "username",
        "first_name",
        "last_name",
        "email",
        "role",
        "theme",
        "language",
        "time_zone",
        "date_style",
    )
    dates = {name: _plain(getattr(user, name)) for name in ("date_joined", "last_login", "last_seen_at")}
    storage = {"storage_bytes": used_bytes(user.pk), "storage_quota_bytes": quota_of(user)}
    return {name: str(getattr(user, name)) for name in fields} | dates | storage


def _rows(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in rows.values(*fields)]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain_amount(value)
    return value.isoformat() if isinstance(value, datetime) else value
