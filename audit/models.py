"""The audit log: entries that are only ever added, and removed only when they are old enough."""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.notes import translated_note
from audit.vocabulary import Action, Door, Kind

USERNAME_LIMIT = 150
LABEL_LIMIT = 200
NOTE_LIMIT = 500
# What things of these kinds are called is no name that somebody gave.
_NAMED_BY_STUDIO = frozenset(
    {Kind.SHARE_LINK, Kind.COMMENT, Kind.CHARGE, Kind.BUDGET, Kind.INVITATION, Kind.STUDIO}
)


class AppendOnlyError(TypeError):
    """An entry of the audit log was to be changed or deleted."""


class EntryQuerySet(models.QuerySet["Entry"]):
    """Entries that can be added and read; `retention` alone removes any. Triggers see to the same."""

    def update(self, **values: Any) -> NoReturn:
        raise AppendOnlyError("Entries of the audit log are not changed.")

    def bulk_update(self, *rows: Any, **values: Any) -> NoReturn:
        self.update()

    def delete(self) -> NoReturn:
        raise AppendOnlyError("Entries of the audit log are not deleted. Old ones go by prune_audit.")


class Entry(models.Model):
    """Who did what to which thing, when, from where, and through which door.

    People and things are named by their ids and by words, because the entry outlives them. Without a person
    it was the studio itself, a command, or somebody who did not sign in.
    """

    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=20, choices=Action)

    user_id = models.BigIntegerField(_("person's id"), null=True)
    username = models.CharField(_("person"), max_length=USERNAME_LIMIT, blank=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    token_id = models.BigIntegerField(_("token's id"), null=True)
    token_name = models.CharField(_("token"), max_length=100, blank=True)

    door = models.CharField(max_length=10, choices=Door)
    address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    kind = models.CharField(max_length=12, choices=Kind)
    object_id = models.CharField(_("id"), max_length=64, blank=True)
    label = models.CharField(max_length=LABEL_LIMIT, blank=True)
    owner_id = models.BigIntegerField(
        _("owner's id"), null=True, help_text=_("Whose it was, or whom it is about.")
    )
    changes = models.JSONField(default=dict, help_text=_("By field: before and after."))
    note = models.CharField(max_length=NOTE_LIMIT, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("audit log entries")
        default_permissions = ("view",)
        # One for each question that is asked of a million entries, in the order in which they are listed.
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["user_id", "at", "id"], name="audit_user"),
            models.Index(fields=["username", "at", "id"], name="audit_username"),
            models.Index(fields=["owner_id", "at", "id"], name="audit_owner"),
            models.Index(fields=["object_id", "at", "id"], name="audit_object"),
            models.Index(fields=["action", "at", "id"], name="audit_action"),
            models.Index(fields=["kind", "at", "id"], name="audit_kind"),
            models.Index(fields=["door", "at", "id"], name="audit_door"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.thing}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the entry. Raises `AppendOnlyError` for one that is there already."""
        if not self._state.adding:
            raise AppendOnlyError("Entries of the audit log are not changed.")
        super().save(*args, **kwargs)

    @property
    def who(self) -> str:
        """Who did it, in words."""
        if self.username:
            return self.username
        unknown = {Door.SYSTEM: gettext("The studio"), Door.COMMAND: gettext("A command")}
        return unknown.get(Door(self.door), gettext("Nobody signed in"))

    @property
    def thing(self) -> str:
        """What it is about, in words."""
        kind = str(self.get_kind_display())
        return f"{kind} {self.name or self.object_id}".strip()

    @property
    def name(self) -> str:
        """What the thing is called; in the active language where the studio named it."""
        name = translated_note(self.label) if self._is_named_by_studio else self.label
        if self.kind == Kind.BUDGET and name == self.label:  # a person's: they are called what they are
            whose, colon, terms = name.rpartition(": ")
            return f"{whose}{colon}{translated_note(terms)}"
        return name

    @property
    def _is_named_by_studio(self) -> bool:
        is_queue = self.kind == Kind.USER and " " in self.label  # which no username has
        # A row of the admin's history is kept under the same kind; what it was called is somebody's word.
        is_row = self.kind == Kind.STUDIO and self.object_id.isdigit()
        return not self.object_id or is_queue or (self.kind in _NAMED_BY_STUDIO and not is_row)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("Entries of the audit log are not deleted. Old ones go by prune_audit.")


class Removal(models.Model):
    """Says to the database's triggers that entries before a moment may go.

    It is there only within the transaction of `retention` that removes them.
    """

    before = models.DateTimeField()

    class Meta:
        default_permissions = ()
