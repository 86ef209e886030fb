"""The forms of a collection: what it is called and begins with, and whom it is shared with."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.text import normalize_newlines

from accounts.models import User
from videos.forms.settings import SettingsForm
from videos.models import Collection, CollectionRole, PromptTemplate
from videos.validation import clean_line, clean_text, has_visible_text, is_storable

_SETTINGS = ("model", "seconds", "size", "parameters")


class CollectionForm(SettingsForm[Collection]):
    """A collection as `person` describes it; takes plain dicts as well as a request's data.

    Whoever may not manage it cannot set who sees it: `manages=False` leaves that field out.
    """

    class Meta:
        model = Collection
        fields = ("name", "description", "visibility", "template", *_SETTINGS)

    def __init__(self, *args: Any, person: User, manages: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_lists()
        usable = Q(pk__in=PromptTemplate.objects.visible_to(person).values("pk"))
        # One that the collection has already stays, also where it is another person's.
        kept = Q(pk=self.instance.template_id)
        self.fields["template"] = forms.ModelChoiceField(
            PromptTemplate.objects.filter(usable | kept),
            required=False,
            empty_label="None",
            error_messages={"invalid_choice": "This template no longer exists. Choose another."},
        )
        self.fields["visibility"].required = False
        if not manages:
            del self.fields["visibility"]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if not has_visible_text(name):
            raise ValidationError("Enter a name.")
        return clean_line(name)

    def clean_description(self) -> str:
        # A browser sends two characters for a line break that it counted as one.
        text = str(normalize_newlines(self.cleaned_data["description"]))
        return clean_text(text) if has_visible_text(text) else ""

    def clean_visibility(self) -> str:
        return self.cleaned_data["visibility"] or self.instance.visibility


class PersonForm(forms.Form):
    """A person to share a collection with. Who exists, a service says."""

    username = forms.CharField(max_length=150, label="Username")
    role = forms.ChoiceField(choices=CollectionRole.choices, required=False, initial=CollectionRole.VIEWER)

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if not is_storable(name):
            raise ValidationError("The name contains a character that cannot be stored.")
        return name

    def clean_role(self) -> str:
        return self.cleaned_data["role"] or CollectionRole.VIEWER
