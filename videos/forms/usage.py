"""The form that chooses the days of which the usage is shown."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

MAX_DAYS = 366  # at once
DEFAULT_DAYS = 30
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)  # that anybody may ask for


class UsageForm(forms.Form):
    """A range of days, both included, in the studio's time zone. Left out, they are the last thirty."""

    first = forms.DateField(required=False, error_messages={"invalid": "Choose a date."})
    last = forms.DateField(required=False, error_messages={"invalid": "Choose a date."})

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.errors:
            return data
        last: date = data["last"] or timezone.localdate()
        first: date = data["first"] or max(_EARLIEST, last) - timedelta(days=DEFAULT_DAYS - 1)
        if not all(_EARLIEST <= day <= _LATEST for day in (first, last)):
            self.add_error("first", f"Choose dates from {_EARLIEST.year} to {_LATEST.year}.")
        elif first > last:
            self.add_error("first", "The first day must not be after the last one.")
        elif (last - first).days >= MAX_DAYS:
            self.add_error("first", f"Choose at most {MAX_DAYS} days at once.")
        return data | {"first": first, "last": last}
