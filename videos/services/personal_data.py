"""What the studio knows of a person, for that person to take along."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import QuerySet

from accounts.models import User
from videos.models import Character, Collection, PromptTemplate, ReferenceImage, Video


def describe_account(user: User) -> dict[str, list[dict[str, Any]] | dict[str, Any]]:
    """Return all rows about the person but the videos, by what they are about; no secret is among them."""
    return {
        "profile": _profile(user),
        "email_addresses": _rows(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
        "connections": _rows(SocialAccount.objects.filter(user=user), "uid", "date_joined", "extra_data"),
        "sessions": _rows(
            UserSession.objects.filter(user=user), "ip", "user_agent", "created_at", "last_seen_at"
        ),
        "api_tokens": _rows(
            user.api_tokens.all(), "name", "scope", "created_at", "last_used_at", "expires_at", "revoked_at"
        ),
        "invitations": _rows(
            user.invitations.all(), "email", "role", "created_at", "expires_at", "accepted_at", "revoked_at"
        ),
        "templates": _rows(
            PromptTemplate.objects.filter(owner=user),
            "title",
            "category",
            "prompt",
            "model",
            "seconds",
            "size",
        ),
        "collections": _rows(
            Collection.objects.owned_by(user), "public_id", "name", "description", "visibility", "created_at"
        ),
        "characters": _rows(
            Character.objects.filter(owner=user, deleted_at=None), "public_id", "name", "created_at"
        ),
        "references": _rows(
            references_of(user), "public_id", "name", "content_type", "width", "height", "created_at"
        ),
    }


def videos_of(user: User) -> QuerySet[Video]:
    """Return the person's videos, the trash included, newest first."""
    return Video.objects.owned_by(user).order_by("-pk")


def references_of(user: User) -> QuerySet[ReferenceImage]:
    """Return the person's reference images, newest first."""
    return ReferenceImage.objects.owned_by(user).order_by("-pk")


def _profile(user: User) -> dict[str, Any]:
    fields = ("username", "first_name", "last_name", "email", "role", "theme", "time_zone")
    dates = {"date_joined": _plain(user.date_joined), "last_login": _plain(user.last_login)}
    return {name: str(getattr(user, name)) for name in fields} | dates


def _rows(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in rows.values(*fields)]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
