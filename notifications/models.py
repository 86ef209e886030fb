"""What somebody is told, and how they want to be told."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contentgen.events import EventKind
from notifications.topics import TOPIC_OF, TOPICS, Channel, Topic

MAX_LONG_MINUTES = 24 * 60


class InboxManager(models.Manager["Inbox"]):
    def of(self, user_id: int) -> "Inbox":
        """Return the person's inbox; one that is not stored, as it is at first, if there is none yet."""
        return self.filter(user=user_id).first() or Inbox(user_id=user_id)

    def locked(self, user_id: int) -> "Inbox":
        """Return the person's inbox, created on first use, locked until the surrounding transaction ends.

        Whoever adds notifications holds this lock: so two of them fold into one instead of missing another.
        """
        return self.select_for_update().get_or_create(user_id=user_id)[0]


class Inbox(models.Model):
    """How one person wants to be told of what, and when the last email of it was written."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="inbox"
    )
    choices = models.JSONField(
        default=dict,
        editable=False,
        help_text=_("By topic, the ways that were switched from what they were."),
    )
    has_sound = models.BooleanField(_("sound"), default=False)
    long_minutes = models.PositiveSmallIntegerField(
        _("minutes after which a video took long"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_LONG_MINUTES)],
    )
    mailed_at = models.DateTimeField(null=True, editable=False)

    objects = InboxManager()

    class Meta:
        verbose_name_plural = _("inboxes")
        default_permissions = ()  # nobody looks at another's

    def __str__(self) -> str:
        return gettext("Inbox of %(person)s") % {"person": self.user}

    def is_on(self, topic: Topic, channel: Channel) -> bool:
        """Whether the person is told of `topic` by `channel`."""
        chosen = self.choices.get(topic.value, {}).get(channel.value)
        return TOPICS[topic].is_on(channel) if chosen is None else bool(chosen)

    def switch(self, topic: Topic, channel: Channel, is_on: bool) -> None:
        """Choose whether to be told of `topic` by `channel`. Only what differs from the start is stored."""
        chosen = {name: state for name, state in self.choices.get(topic.value, {}).items() if name != channel}
        if is_on != TOPICS[topic].is_on(channel):
            chosen[channel.value] = is_on
        self.choices = {name: ways for name, ways in self.choices.items() if name != topic.value}
        if chosen:
            self.choices[topic.value] = chosen


class NotificationQuerySet(models.QuerySet["Notification"]):
    def shown_to(self, user_id: int) -> "NotificationQuerySet":
        """What is in the person's inbox."""
        return self.filter(user=user_id, in_inbox=True)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)

    def newest_first(self) -> "NotificationQuerySet":
        return self.order_by("-happened_at", "-pk")


class Notification(models.Model):
    """Something that one person is told. It is about one thing, all takes of a request, or many alike.

    It holds what it says of the thing: the thing may be deleted, and stands in a room of its own.
    """

    # Without an index of its own: SQLite would choose it over the smaller one of what is unread.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=40, help_text=_("Of the event, such as video.completed."))
    key = models.CharField(max_length=120, help_text=_("What it is about: the same again changes this one."))
    object_id = models.CharField(max_length=120, help_text=_("The public id of the newest thing."))
    data = models.JSONField(default=dict, help_text=_("What the newest event told."))
    members = models.JSONField(
        default=dict, help_text=_("The kind of the latest event of each take, by its number.")
    )
    count = models.PositiveIntegerField(default=1, help_text=_("How many events are folded into it."))

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    happened_at = models.DateTimeField(help_text=_("When the newest event was."))
    read_at = models.DateTimeField(null=True, blank=True)
    in_inbox = models.BooleanField(
        default=True, help_text=_("No: it is only there to be told by other ways.")
    )
    in_browser = models.BooleanField(default=False)
    mail_due_at = models.DateTimeField(null=True, blank=True, help_text=_("When it is to be told by email."))
    mail_if_away = models.BooleanField(
        default=False, help_text=_("By email only if the person is away then.")
    )

    objects = NotificationQuerySet.as_manager()

    picture = ""  # the address of one, set by whoever shows it

    class Meta:
        ordering = ["-happened_at", "-pk"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_notification_per_key")]
        # None of the conditions holds a value: SQLite would not use such an index. It reads the rows, too,
        # unless the column that is always NULL stands in the index of what is unread.
        indexes = [
            models.Index(fields=["user", "-happened_at", "-id"], name="notification_newest"),
            models.Index(
                fields=["user", "read_at", "in_inbox", "happened_at"],
                name="notification_unread",
                condition=Q(read_at__isnull=True),
            ),
            models.Index(
                fields=["mail_due_at"], name="notification_mail", condition=Q(mail_due_at__isnull=False)
            ),
            models.Index(fields=["read_at"], name="notification_read", condition=Q(read_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user}"

    @property
    def topic(self) -> Topic:
        return TOPIC_OF[EventKind(self.kind)]

    @property
    def is_unread(self) -> bool:
        return self.read_at is None

    @property
    def is_folded(self) -> bool:
        """It stands for many things alike, of which it describes the newest."""
        return self.key.startswith(MANY)

    def tell(self, name: str, limit: int = 200) -> str:
        """Return what the event said under `name`, as a text of at most `limit` characters; "" if nothing."""
        value: Any = self.data.get(name)
        return "" if value is None else str(value)[:limit]


MANY = "many:"  # how the key begins of one that stands for many
