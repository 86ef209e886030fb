"""What is done in the admin's own forms, for the audit log. Django's history of each object stays."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import BaseModelForm
from django.http import HttpRequest
from django.utils.translation import override

from audit.trail import Subject, record, record_all
from audit.vocabulary import Action, Kind

Row = TypeVar("Row", bound=Model)


class AuditedAdmin(admin.ModelAdmin[Row]):
    """A model admin whose additions, changes and deletions are in the audit log.

    `audit_kind` says what its rows are there. What the admin's actions do, their services write down.
    """

    audit_kind: Kind

    def audit_subject(self, row: Any) -> Subject:
        """Return what an entry about the row names."""
        return Subject(self.audit_kind, row.pk, str(row), getattr(row, "owner_id", None))

    def audit_changes(self, form: Any, row: Any) -> dict[str, tuple[Any, Any]]:
        """Return what the form changes, by field, with the values before and after."""
        return form_changes(form)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.audit_saved(obj, form, change=change)

    def audit_saved(self, obj: Any, form: Any, *, change: bool) -> None:
        """Write down that the form was saved."""
        with override("en"):  # what rows and choices are called is kept
            changes, subject = self.audit_changes(form, obj), self.audit_subject(obj)
        if changes or not change:
            action = Action.CHANGED if change else Action.CREATED
            record(action, subject, changes=changes if change else None)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with override("en"):
            subject = self.audit_subject(obj)
        record(Action.DELETED, subject)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with override("en"):
            subjects = [self.audit_subject(row) for row in queryset]
        record_all(Action.DELETED, subjects)
        super().delete_queryset(request, queryset)


def form_changes(form: BaseModelForm[Any]) -> dict[str, tuple[Any, Any]]:
    """Return the fields that a form changes, with their values before and after."""
    return {
        name: (_plain(form.initial.get(name)), _plain(form.cleaned_data.get(name)))
        for name in form.changed_data
        if name in form.cleaned_data
    }


def _plain(value: Any) -> Any:
    """Return a value as words: a row as what it is called, several as a list."""
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, QuerySet) or (
        isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    ):
        return sorted(str(each) for each in value)
    return value
