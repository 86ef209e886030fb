"""Collections: videos that belong together, and the people who may see them."""

import secrets
import string
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import roles
from videos.models.prompt_template import PromptTemplate
from videos.models.search_text import SearchTextField, contains_words
from videos.models.video import Video

if TYPE_CHECKING:
    from accounts.models import User

COLLECTION_NAME_LIMIT = 80  # characters
COLLECTION_DESCRIPTION_LIMIT = 2000  # characters
MAX_RETENTION_DAYS = 3650

_ALPHABET = string.ascii_lowercase + string.digits


def new_collection_id() -> str:
    """Return an id that cannot be guessed (124 bits)."""
    return "collection_" + "".join(secrets.choice(_ALPHABET) for _ in range(24))


class Visibility(models.TextChoices):
    """Who sees a collection beside its owner, managers and staff."""

    PRIVATE = "private", _("Only me")
    PEOPLE = "people", _("Chosen people")
    TEAM = "team", _("Team")


class CollectionRole(models.TextChoices):
    """What a person whom a collection is shared with may do in it."""

    VIEWER = "viewer", _("Viewer")
    EDITOR = "editor", _("Editor")


class Retention(models.TextChoices):
    """How long the videos of a collection are kept."""

    STUDIO = "studio", _("As everywhere in the studio")
    KEEP = "keep", _("Keep them forever")
    DAYS = "days", _("Move them to the trash when they are old")


class CollectionQuerySet(models.QuerySet["Collection"]):
    def existing(self) -> "CollectionQuerySet":
        """The collections that are not deleted."""
        return self.filter(deleted_at=None)

    def owned_by(self, owner: "User | int") -> "CollectionQuerySet":
        """The owner's collections, without deleted ones."""
        return self.existing().filter(owner=owner)

    def chosen_for(self, person: "User | int", *as_roles: str) -> "CollectionQuerySet":
        """Others' collections that the person was chosen for: as one of `as_roles`, or at all."""
        chosen = CollectionMember.objects.filter(person=person)
        if as_roles:
            chosen = chosen.filter(role__in=as_roles)
        found = self.existing().filter(pk__in=chosen.order_by().values("collection"))
        return found.exclude(visibility=Visibility.PRIVATE)

    def personal_to(self, person: "User") -> "CollectionQuerySet":
        """The collections that the person owns or was chosen for."""
        return self.owned_by(person) | self.chosen_for(person)

    def of_team(self) -> "CollectionQuerySet":
        """The collections that everybody sees."""
        return self.existing().filter(visibility=Visibility.TEAM)

    def open_to(self, person: "User") -> "CollectionQuerySet":
        """The collections that the person sees as one of the team, whatever else the role allows."""
        return self.personal_to(person) | self.of_team()

    def visible_to(self, person: "User") -> "CollectionQuerySet":
        """The collections that the person may look at; managers and staff see all."""
        return self.existing() if roles.sees_all_work(person) else self.open_to(person)

    def editable_by(self, person: "User") -> "CollectionQuerySet":
        """The collections that the person may put videos into, and take videos out of."""
        if not roles.may_create(person):
            return self.none()
        return self.owned_by(person) | self.chosen_for(person, CollectionRole.EDITOR)

    def search(self, query: str) -> "CollectionQuerySet":
        """The collections whose name and description contain every word of the query."""
        return self.filter(contains_words(query))


class Collection(models.Model):
    """A named set of videos. A video may be in several; being in one changes nothing about whose it is.

    Members count unless it is private: their rows stay, for when it is shared again. A deleted collection
    keeps its row for a while, so that deleting can be undone.
    """

    public_id = models.CharField(max_length=64, unique=True, default=new_collection_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="collections")
    name = models.CharField(max_length=COLLECTION_NAME_LIMIT)
    description = models.TextField(max_length=COLLECTION_DESCRIPTION_LIMIT, blank=True)
    search_text = SearchTextField("name", "description")
    cover = models.ForeignKey(
        Video,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="covered_collections",
        help_text=_("The video whose poster stands for it. Empty: its newest."),
    )
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PRIVATE)
    videos = models.ManyToManyField(
        Video, through="CollectionItem", through_fields=("collection", "video"), related_name="collections"
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="CollectionMember", related_name="joined_collections"
    )

    # What the composer begins with on its page.
    template = models.ForeignKey(
        PromptTemplate, on_delete=models.SET_NULL, null=True, blank=True, related_name="collections"
    )
    model = models.CharField(max_length=100, blank=True, help_text=_("Empty: use the current setting."))
    seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Empty: use the current setting.")
    )
    size = models.CharField(max_length=20, blank=True, help_text=_("Empty: use the current setting."))
    parameters = models.JSONField(
        default=dict,
        blank=True,
        help_text=_("Values of parameters, by name. Empty: use the current settings."),
    )

    retention = models.CharField(max_length=10, choices=Retention, default=Retention.STUDIO)
    retention_days = models.PositiveIntegerField(
        _("days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RETENTION_DAYS)],
        help_text=_("After a video was finished."),
    )
    trash_days = models.PositiveIntegerField(
        _("days in the trash"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RETENTION_DAYS)],
        help_text=_(
            "Before what its rule moved there is deleted for good. Empty: as everywhere in the studio."
        ),
    )

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text=_("When its videos, people or settings last changed.")
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="collection_own", condition=Q(deleted_at=None)),
            models.Index(
                fields=["visibility", "-id"], name="collection_visibility", condition=Q(deleted_at=None)
            ),
            models.Index(
                fields=["deleted_at"], name="collection_deleted", condition=Q(deleted_at__isnull=False)
            ),
            models.Index(
                fields=["retention_days"],
                name="collection_retention",
                condition=Q(retention_days__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("videos:collection", args=[self.public_id])


class CollectionMember(models.Model):
    """A person whom a collection is shared with."""

    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="collection_memberships"
    )
    role = models.CharField(max_length=10, choices=CollectionRole, default=CollectionRole.VIEWER)
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["collection", "person"], name="one_membership_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}"


class CollectionItem(models.Model):
    """That a video is in a collection.

    The row stays while the video is in the trash, where no collection shows it, and goes when it is deleted.
    """

    # Its index is that of the constraint, which a page of the collection is read from in order.
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items", db_index=False)
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="collection_items")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-video"]
        constraints = [models.UniqueConstraint(fields=["collection", "video"], name="one_item_per_video")]

    def __str__(self) -> str:
        return f"{self.video} in {self.collection}"
