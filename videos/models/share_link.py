"""Links by which people without an account watch a video or a collection."""

import secrets
import string
from typing import TYPE_CHECKING, Literal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.roles import may_create
from contentgen import encryption
from videos.models.collection import Collection
from videos.models.video import Video

if TYPE_CHECKING:
    from accounts.models import User

LINK_TITLE_LIMIT = 120  # characters

LinkStatus = Literal["active", "expired", "revoked"]

_ALPHABET = string.ascii_lowercase + string.digits


def new_link_id() -> str:
    """Return the id by which its owner names a link (124 bits); it opens nothing."""
    return "link_" + "".join(secrets.choice(_ALPHABET) for _ in range(24))


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def owned_by(self, owner: "User | int") -> "ShareLinkQuerySet":
        """The links that this person made."""
        return self.filter(owner=owner)

    def active(self) -> "ShareLinkQuerySet":
        """The links that are neither revoked nor expired; what they lead to is not looked at."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class ShareLink(models.Model):
    """Lets whoever has its address watch one video, or the videos of one collection.

    The address holds a secret of 192 bits. A request is looked up by its digest; beside that the secret is
    kept encrypted with SECRET_KEY, because people send the same link again next week, and a list that cannot
    show it leads to a second link for everything. A copy of the database alone opens no link.
    """

    public_id = models.CharField(max_length=64, unique=True, default=new_link_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="share_links")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, null=True, related_name="share_links")
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, null=True, related_name="share_links"
    )
    digest = models.CharField(
        max_length=64, unique=True, editable=False, help_text=_("SHA-256 of the secret.")
    )
    encrypted_secret = models.TextField(editable=False)
    title = models.CharField(
        max_length=LINK_TITLE_LIMIT, blank=True, help_text=_("What visitors read above the video.")
    )
    password = models.CharField(
        max_length=128, blank=True, editable=False, help_text=_("Hashed. Empty: none.")
    )
    shows_prompt = models.BooleanField(default=False)
    allows_download = models.BooleanField(default=False)
    allows_comments = models.BooleanField(default=False)
    views = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: never."))
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(video__isnull=False, collection=None) | Q(video=None, collection__isnull=False),
                name="share_link_leads_to_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def status(self) -> LinkStatus:
        """What became of it by its own terms; whether an active one opens, `stopped_because` says."""
        if self.revoked_at is not None:
            return "revoked"
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return "expired" if is_over else "active"

    @property
    def stopped_because(self) -> str:
        """Why an active link opens nothing at present, in a sentence; empty when it works."""
        if not settings.SHARE_LINKS:
            return gettext("Share links are switched off.")
        if not may_create(self.owner):
            return gettext("Whoever made it may no longer share.")
        shared = self.video or self.collection
        if shared is None or shared.deleted_at is not None or shared.owner_id != self.owner_id:
            return gettext("What it led to is gone.")
        if self.video is not None and self.video.trashed_at is not None:
            return gettext("The video is in the trash.")
        return ""

    @property
    def has_password(self) -> bool:
        return bool(self.password)

    @property
    def secret(self) -> str:
        """The secret of its address; empty where no SECRET_KEY that is still known can read it.

        The link works even then.
        """
        try:
            return encryption.decrypt(self.encrypted_secret)
        except encryption.UnreadableSecretError:
            return ""

    @property
    def comment_count(self) -> int:
        """How many comments it got, when `with_comment_counts` has counted them."""
        return getattr(self, "counted_comments", 0)
