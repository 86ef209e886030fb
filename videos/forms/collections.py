"""The forms of a collection: what it is called and begins with, and whom it is shared with."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.text import normalize_newlines
from django.utils.translation import gettext, gettext_lazy, pgettext

from accounts.models import User
from videos.forms.settings import SettingsForm
from videos.models import Collection, CollectionRole, PromptTemplate, Retention
from videos.services.retention import RETENTION_FIELDS
from videos.validation import clean_line, clean_text, has_visible_text, is_storable

_SETTINGS = ("model", "seconds", "size", "parameters")


class CollectionForm(SettingsForm[Collection]):
    """A collection as `person` describes it; takes plain dicts as well as a request's data.

    Whoever may not manage it cannot set who sees it, nor how long its videos are kept: `manages=False` leaves
    those fields out.
    """

    class Meta:
        model = Collection
        fields = ("name", "description", "visibility", "template", *_SETTINGS, *RETENTION_FIELDS)

    def __init__(self, *args: Any, person: User, manages: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_lists()
        usable = Q(pk__in=PromptTemplate.objects.visible_to(person).values("pk"))
        # One that the collection has already stays, also where it is another person's.
        kept = Q(pk=self.instance.template_id)
        self.fields["template"] = forms.ModelChoiceField(
            PromptTemplate.objects.filter(usable | kept),
            required=False,
            empty_label=pgettext("template", "None"),
            error_messages={"invalid_choice": gettext("This template no longer exists. Choose another.")},
        )
        self.fields["visibility"].required = self.fields["retention"].required = False
        if not manages:
            for name in ("visibility", *RETENTION_FIELDS):
                del self.fields[name]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if not has_visible_text(name):
            raise ValidationError(gettext("Enter a name."))
        return clean_line(name)

    def clean_description(self) -> str:
        # A browser sends two characters for a line break that it counted as one.
        text = str(normalize_newlines(self.cleaned_data["description"]))
        return clean_text(text) if has_visible_text(text) else ""

    def clean_visibility(self) -> str:
        return self.cleaned_data["visibility"] or self.instance.visibility

    def clean_retention(self) -> str:
        return self.cleaned_data["retention"] or self.instance.retention

    def clean_retention_days(self) -> int | None:
        """Return the days of a rule that has any: those that are stored where the form was sent without."""
        if self.cleaned_data.get("retention") != Retention.DAYS:
            return None
        days: int | None = self.cleaned_data["retention_days"]
        if days is None and "retention" not in self.data:
            return self.instance.retention_days
        if days is None:
            raise ValidationError(gettext("Enter after how many days."))
        return days

    def clean_trash_days(self) -> int | None:
        """Return the days in the trash of a rule that has any, as `clean_retention_days` does."""
        if self.cleaned_data.get("retention") != Retention.DAYS:
            return None
        days: int | None = self.cleaned_data["trash_days"]
        return self.instance.trash_days if days is None and "retention" not in self.data else days


class PersonForm(forms.Form):
    """A person to share a collection with. Who exists, a service says."""

    username = forms.CharField(max_length=150, label=gettext_lazy("Username"))
    role = forms.ChoiceField(choices=CollectionRole.choices, required=False, initial=CollectionRole.VIEWER)

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if not is_storable(name):
            raise ValidationError(gettext("The name contains a character that cannot be stored."))
        return name

    def clean_role(self) -> str:
        return self.cleaned_data["role"] or CollectionRole.VIEWER
