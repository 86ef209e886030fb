"""Fields in the rows of a list, which Django draws without labels."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext


class RowForm(forms.ModelForm[Any]):
    """The form of a row: each field is named after its column and its row, for those who hear the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            words = {"field": field.label, "thing": self.instance}
            field.widget.attrs["aria-label"] = gettext("%(field)s of %(thing)s") % words


class EditableList(admin.ModelAdmin[Any]):
    """A model admin with `list_editable`, whose fields have names."""

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **{**kwargs, "form": RowForm})
