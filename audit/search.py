"""Finding entries: by person, object, action, kind, door and days. Each is answered from an index."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from audit.models import USERNAME_LIMIT, Entry
from audit.vocabulary import Action, Door, Kind


def _day() -> forms.DateField:
    return forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))


class SearchForm(forms.Form):
    """What is looked for. What is left empty does not matter."""

    person = forms.CharField(
        label=_("Person"),
        required=False,
        max_length=USERNAME_LIMIT,
        help_text=_("The username: what they did, and what concerns them."),
    )
    object = forms.CharField(
        required=False, max_length=64, label=_("ID"), help_text=_("Of a video, a token …")
    )
    action = forms.ChoiceField(
        label=_("Action"), required=False, choices=[("", pgettext_lazy("action", "Any")), *Action.choices]
    )
    kind = forms.ChoiceField(required=False, label=_("About"), choices=[("", _("Anything")), *Kind.choices])
    door = forms.ChoiceField(required=False, label=_("Through"), choices=[("", _("Any door")), *Door.choices])
    first = _day()
    last = _day()

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["first"].label = pgettext_lazy("day", "From")
        self.fields["last"].label = pgettext_lazy("day", "To")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("first"), data.get("last")
        if first and last and first > last:
            self.add_error("last", gettext("This day is before the first."))
        return data

    def apply(self, entries: QuerySet[Entry]) -> QuerySet[Entry]:
        """Return those of the entries that are looked for; none where the form has errors."""
        if not self.is_valid():
            return entries.none()
        data = self.cleaned_data
        for field, column in (
            ("action", "action"),
            ("kind", "kind"),
            ("door", "door"),
            ("object", "object_id"),
        ):
            if data[field]:
                entries = entries.filter(**{column: data[field].strip()})
        if data["person"]:
            entries = entries.filter(_concerns(data["person"]))
        return _between(entries, data["first"], data["last"])


def _concerns(name: str) -> Q:
    """Return the condition for what a person did or what concerns them; of one who is gone, what they did."""
    users, by_name = get_user_model(), f"{get_user_model().USERNAME_FIELD}__iexact"
    pk = users._default_manager.filter(**{by_name: name}).values_list("pk", flat=True).first()
    return Q(username=name) if pk is None else Q(user_id=pk) | Q(owner_id=pk)


def _between(entries: QuerySet[Entry], first: Any, last: Any) -> QuerySet[Entry]:
    if first:
        entries = entries.filter(at__gte=timezone.make_aware(datetime.combine(first, time.min)))
    if last:
        entries = entries.filter(
            at__lt=timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min))
        )
    return entries
