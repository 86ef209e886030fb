"""A link by which one person joins."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models.user import Role


class Invitation(models.Model):
    """Lets one person make an account. The secret of its link is not stored: `invitations.issue` returns it.

    One without `invited_by` was asked for by the person, whose address is in one of SIGNUP_EMAIL_DOMAINS.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the secret.")
    email = models.EmailField(blank=True, help_text="Who alone may use it. Empty: whoever has the link.")
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
        return f"Invitation of {self.email or 'whoever has the link'}"

    @property
    def status(self) -> str:
        """`Open`, `Accepted`, `Revoked` or `Expired`."""
        if self.accepted_at is not None:
            return "Accepted"
        if self.revoked_at is not None:
            return "Revoked"
        return "Open" if self.expires_at > timezone.now() else "Expired"
