"""The forms of a backend in the admin: its settings, its key, and what it can do."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from billing.money import format_money
from videos.backends.capability import Capability
from videos.backends.concurrency import suggest_max_in_flight
from videos.backends.service_kinds import SERVICES
from videos.checks import LEADS_BACK, validate_base_url, validate_key_name
from videos.models import Backend, VideoModel
from videos.models.backend import DEFAULT_MAX_IN_FLIGHT
from videos.services.backend_pauses import MAX_REASON
from videos.services.backends import leads_back
from videos.services.connections import validate_key

ALWAYS, NEVER = "always", "never"
_AS_SAID = {
    True: _("As the service says (yes)"),
    False: _("As the service says (no)"),
    None: _("As the service says (not known)"),
}
_SET = {"": None, ALWAYS: True, NEVER: False}
_WORD = {None: "", True: ALWAYS, False: NEVER}
PREFIX = "set_"  # of the fields for capabilities, which are no columns themselves


class CapabilityField(forms.TypedChoiceField):
    """What a backend can do: as the service shows it, or as staff know better. None for the former."""

    def __init__(self, label: StrOrPromise, help_text: StrOrPromise = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=False,
            choices=_choices(_("As the service says")),
            coerce=lambda value: _SET[value],
            empty_value=None,
        )

    def offer(self, found: bool | None) -> None:
        """Say in the first choice what is found."""
        self.choices = _choices(_AS_SAID[found])


def _choices(first: StrOrPromise) -> list[tuple[str, StrOrPromise]]:
    return [("", first), (ALWAYS, _("Always")), (NEVER, _("Never"))]


class NamedNullField(forms.NullBooleanField):
    """Yes, no or not decided, each in words of its own."""

    def __init__(
        self,
        *,
        label: StrOrPromise,
        undecided: StrOrPromise,
        yes: StrOrPromise,
        no: StrOrPromise,
        help_text: StrOrPromise = "",
    ) -> None:
        choices = [("unknown", undecided), ("true", yes), ("false", no)]
        widget = forms.NullBooleanSelect()
        widget.choices = choices
        super().__init__(label=label, required=False, widget=widget, help_text=help_text)


class ModelTable(forms.CheckboxSelectMultiple):
    """The models of the catalogue as a table: those that the backend serves, and the others to be opened."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = {str(each) for each in value or ()}
        models = list(VideoModel.objects.all())
        rows = [(model, str(model.pk) in chosen, _price_words(model)) for model in models]
        context = {
            "name": name,
            "served": [row for row in rows if row[1]],
            "others": [row for row in rows if not row[1]],
        }
        return render_to_string("admin/videos/backend/_models_field.html", context)


def _price_words(model: VideoModel) -> str:
    rates = sorted({rate for size in model.price_per_second if (rate := model.rate(size)) is not None})
    if not rates:
        return gettext("No price")
    lowest, highest = format_money(rates[0]), format_money(rates[-1])
    if len(rates) == 1:
        return gettext("%(price)s a second") % {"price": lowest}
    return gettext("%(lowest)s to %(highest)s a second") % {"lowest": lowest, "highest": highest}


class BackendForm(forms.ModelForm[Backend]):
    models = forms.ModelMultipleChoiceField(
        VideoModel.objects.all(), label=_("Models"), required=False, widget=ModelTable
    )
    stands_in = NamedNullField(
        label=_("Stands in"),
        undecided=_("Only where neither charges anything"),
        yes=_("Always"),
        no=_("Never"),
        help_text=_(
            "Whether new videos come here while a backend before it is paused, of the models that both "
            "serve, at what this one charges."
        ),
    )
    in_private_network = NamedNullField(
        label=_("Where it is"),
        undecided=_("The next probe finds out"),
        yes=_("Inside a private network"),
        no=_("On the internet"),
        help_text=_("Inside a private network, it and the files that it names may be at private addresses."),
    )
    set_can_list = CapabilityField(
        _("Lists its jobs"), _("A job whose confirmation was lost is searched for there.")
    )
    set_can_delete = CapabilityField(_("Deletes jobs"), _("What nobody wants any more is deleted there."))
    set_honours_idempotency_key = CapabilityField(
        _("Honors Idempotency-Key"),
        _(
            "A request that is repeated with the same key is answered with the first one's job. A wrong "
            "“Always” is a second bill."
        ),
    )
    set_can_remix = CapabilityField(_("Remixes"))
    set_can_edit = CapabilityField(_("Edits"))
    set_can_extend = CapabilityField(_("Extends"))
    set_can_characters = CapabilityField(_("Has characters"))
    set_takes_reference = CapabilityField(
        _("Takes a reference image"), _("A model can say otherwise for itself, on its own page.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["models"] = [model.pk for model in self.instance.models.all()]
        else:
            self.initial["max_in_flight"] = None
        if (variable := self.fields.get("key_env")) and self.instance.stored_key:
            variable.help_text = gettext("Empty: the stored key is sent.")
        # Not there for somebody who may only look.
        if slots := self.fields.get("max_in_flight"):
            slots.required = False
            empty = gettext("Empty: 1 for a server on your own network, %(count)d for any other.")
            slots.help_text = f"{slots.help_text} {empty % {'count': DEFAULT_MAX_IN_FLIGHT}}"
        for each in Capability:
            self._offer(str(each))

    def _offer(self, name: str) -> None:
        field = self.fields.get(f"{PREFIX}{name}")
        if isinstance(field, CapabilityField):
            field.offer(self.instance.found_capability(name))
            self.initial[f"{PREFIX}{name}"] = _WORD[self.instance.capabilities_set.get(name)]

    @property
    def capabilities(self) -> dict[str, bool | None]:
        """What was decided anew of capabilities, by name; None where it is left to the service again."""
        return {
            name.removeprefix(PREFIX): self.cleaned_data[name]
            for name in self.changed_data
            if name.startswith(PREFIX)
        }

    def clean_base_url(self) -> str:
        """Take the service's own address where none is given."""
        own = SERVICES[self.cleaned_data["service"]].address if "service" in self.cleaned_data else ""
        url: str = (self.cleaned_data["base_url"] or own).rstrip("/")
        validate_base_url(url, name=gettext("The base URL"))
        if url not in (self.instance.base_url, own) and leads_back(url):
            problem = gettext("The base URL leads back to this studio.")
            raise forms.ValidationError(f"{problem} {LEADS_BACK}")
        return url

    def clean_max_in_flight(self) -> int:
        given: int | None = self.cleaned_data["max_in_flight"]
        if given is not None:
            return given
        return suggest_max_in_flight(self.cleaned_data.get("base_url", "")) or DEFAULT_MAX_IN_FLIGHT

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]  # Django's own hook, which the stubs lack
        # Only what was ticked or unticked: else what was added or retired meanwhile would be undone.
        chosen = {str(model.pk) for model in self.cleaned_data["models"]}
        shown = self._shown_models()
        self.instance.models.add(*map(int, chosen - shown))
        self.instance.models.remove(*map(int, shown - chosen))

    def _shown_models(self) -> set[str]:
        """Return the models that were ticked when the page was drawn; those of now where it does not say."""
        name = self.add_prefix("models_shown")
        sent = self.data.getlist(name) if isinstance(self.data, QueryDict) else []
        shown = {pk for pk in sent if pk.isdecimal()}
        return shown or {str(pk) for pk in self.instance.models.values_list("pk", flat=True)}

    def clean_webhook_secret_env(self) -> str:
        name: str = self.cleaned_data["webhook_secret_env"]
        validate_key_name(name)
        return name

    def clean_key_env(self) -> str:
        name: str = self.cleaned_data["key_env"]
        validate_key_name(name)
        return name


class SuperuserBackendForm(BackendForm):
    """The form with what only superusers may decide: where a key goes."""

    confirm_key = forms.BooleanField(
        required=False,
        label=_("Send the key to this address"),
        help_text=_(
            "Only needed when you change the address. Without it, nothing is sent to the new address "
            "until a superuser confirms the key, or pastes one."
        ),
    )
    new_key = forms.CharField(
        required=False,
        label=_("Replace the key"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=_(
            "Paste a key to have it stored encrypted, in place of the one there is. It is not shown again."
        ),
    )
    delete_key = forms.BooleanField(required=False, label=_("Remove the stored key"))

    def clean_new_key(self) -> str:
        key: str = self.cleaned_data["new_key"].strip()
        validate_key(key)
        return key

    def clean(self) -> dict[str, Any]:
        """Refuse two keys at once: nobody could tell which of them is meant."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("new_key") and data.get("delete_key"):
            self.add_error("delete_key", gettext("A new key takes the place of the stored one by itself."))
        keeps_stored = self.instance.stored_key and not data.get("delete_key")
        if data.get("key_env") and "key_env" in self.changed_data and (data.get("new_key") or keeps_stored):
            self.add_error("key_env", gettext("Take the key from a variable or store it, not both."))
        return data

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which the stubs lack
        if not self.errors and (self.cleaned_data.get("new_key") or self.cleaned_data.get("delete_key")):
            self.instance.store_key(self.cleaned_data["new_key"])


class PauseForm(forms.Form):
    """For how long, and why."""

    length = forms.ChoiceField(
        label=_("For how long"),
        choices=[
            ("", _("Until somebody resumes it")),
            ("1", _("1 hour")),
            ("4", _("4 hours")),
            ("tomorrow", _("Until tomorrow, 8:00")),
        ],
        required=False,
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=MAX_REASON,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text=_("Shown to staff, and to people whose videos wait."),
    )

    @property
    def until(self) -> datetime | None:
        """The end that was chosen; None for an open one."""
        length: str = self.cleaned_data["length"]
        if length == "tomorrow":
            day = timezone.localdate() + timedelta(days=1)
            return timezone.make_aware(datetime.combine(day, time(8)))
        return timezone.now() + timedelta(hours=int(length)) if length else None
