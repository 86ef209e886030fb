"""How entries of the audit log name people, tokens and invitations."""

from django.utils.translation import gettext_noop

from accounts.models import ApiToken, Invitation, User
from audit.trail import Subject
from audit.vocabulary import Kind


def person(user: User) -> Subject:
    return Subject(Kind.USER, user.pk, user.get_username(), user.pk)


def token(row: ApiToken) -> Subject:
    return Subject(Kind.TOKEN, row.pk, f"{row.name} ({row.hint}…)", row.user_id)


def invitation(row: Invitation) -> Subject:
    return Subject(
        Kind.INVITATION, row.pk, row.email or gettext_noop("whoever has the link"), row.invited_by_id
    )
