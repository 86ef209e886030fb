"""The form of a person's name, and of how the pages look to them."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User


@cache
def _time_zones() -> list[tuple[str, str]]:
    """Return the zones that places are in, by name. What is kept for old software is left out."""
    regions = (
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
    )
    names = {name for name in available_timezones() if name.split("/")[0] in (*regions, "Pacific")}
    return [(name, name.replace("_", " ")) for name in sorted(names | {"UTC"})]


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("first_name", "last_name", "theme", "language", "time_zone", "date_style")
        labels = {"date_style": _("Dates and numbers")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        self.fields["last_name"].widget.attrs["autocomplete"] = "family-name"
        self.fields["theme"].label = _("Theme")
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            required=False,
            choices=[("", _("That of the browser")), *settings.LANGUAGES],  # each by its own name
        )
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"),
            required=False,
            choices=[("", _("That of the studio (%(zone)s)") % {"zone": settings.TIME_ZONE}), *_time_zones()],
        )
