"""Users, and what lets them in: tokens, invitations, and the mail that the studio sends them."""

from accounts.models.account_deletion import AccountDeletion, WorkChoice
from accounts.models.api_token import ApiToken, Scope
from accounts.models.invitation import Invitation
from accounts.models.outgoing_mail import MailState, OutgoingMail
from accounts.models.user import DateStyle, Role, Theme, User

__all__ = [
    "AccountDeletion",
    "ApiToken",
    "DateStyle",
    "Invitation",
    "MailState",
    "OutgoingMail",
    "Role",
    "Scope",
    "Theme",
    "User",
    "WorkChoice",
]
