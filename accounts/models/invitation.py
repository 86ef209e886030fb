"""A link by which one person joins."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models.user import Role

_ROLE_NOUNS = {
    Role.VIEWER: pgettext_lazy("within a sentence", "viewer"),
    Role.CREATOR: pgettext_lazy("within a sentence", "creator"),
    Role.MANAGER: pgettext_lazy("within a sentence", "manager"),
}


class Invitation(models.Model):
    """Lets one person make an account. The secret of its link is not stored: `invitations.issue` returns it.

    One without `invited_by` was asked for by the person, whose address is in one of SIGNUP_EMAIL_DOMAINS.
    """

    digest = models.CharField(
        max_length=64, unique=True, editable=False, help_text=_("SHA-256 of the secret.")
    )
    email = models.EmailField(blank=True, help_text=_("Who alone may use it. Empty: whoever has the link."))
    role = models.CharField(max_length=10, choices=Role, default=Role.CREATOR)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="invitations"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_by = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="invitation",
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return gettext("Invitation of %(recipient)s") % {
            "recipient": self.email or gettext("whoever has the link")
        }

    @property
    def role_noun(self) -> StrOrPromise:
        """What somebody with the role is called within a sentence."""
        return _ROLE_NOUNS[Role(self.role)]

    @property
    def is_open(self) -> bool:
        """Whether its link works."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def status(self) -> str:
        """How it stands, in a word: open, accepted, revoked or expired."""
        if self.accepted_at is not None:
            return gettext("Accepted")
        if self.revoked_at is not None:
            return gettext("Revoked")
        return pgettext("invitation", "Open") if self.is_open else gettext("Expired")
