"""The form for a model of the catalogue: what people may ask of it, and what that costs.

A service's catalogue may be taken over while somebody edits. So the form knows what it showed (`shown`): a
field that was left alone stays as it is by now, one that was changed by both is asked about again.
"""

import json
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from videos.backends.service_kinds import SERVICES
from videos.forms.model_rows import (
    ParameterRows,
    SizeRows,
    declarations_of,
    format_lengths,
    offered_sizes,
    parameter_initial,
    parse_lengths,
    parse_rate,
    prices_of,
    size_initial,
)
from videos.models import Backend, VideoModel
from videos.models.video_model import ANY_SIZE
from videos.parameters import Parameter, declaration_of, known_parameters, parse_declarations
from videos.services.model_words import format_fact

ALWAYS, NEVER = "always", "never"
_SET: dict[str, bool | None] = {"": None, ALWAYS: True, NEVER: False}
_FOUND = {
    True: _("As the service says (yes)"),
    False: _("As the service says (no)"),
    None: _("As the service says (not told)"),
}

ABILITIES = ("takes_reference", "takes_last_frame", "has_sound")
_WRITTEN = ("sizes", "seconds", "price_per_second", "parameters")  # columns that rows and lists stand for
FOLLOWED = ("label", "description", *_WRITTEN, *ABILITIES, "max_references")  # what a service may say
# Where what a column holds is asked for.
_FIELDS = {"sizes": "other_price", "price_per_second": "other_price", "seconds": "lengths"}
LABELS = {
    "backends": _("Backends"),
    "label": _("Name shown"),
    "description": _("Description"),
    "sizes": _("Sizes"),
    "seconds": _("Lengths"),
    "price_per_second": _("Prices"),
    "parameters": _("Parameters"),
    "max_references": _("Further images"),
    "takes_reference": _("Reference image"),
    "takes_last_frame": _("Last frame"),
    "has_sound": _("Sound"),
}


def _ability(label: StrOrPromise, help_text: StrOrPromise = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        help_text=help_text,
        required=False,
        choices=[("", _FOUND[None]), (ALWAYS, _("Always")), (NEVER, _("Never"))],
    )


class VideoModelForm(forms.ModelForm[VideoModel]):
    """A model of the catalogue. What a service tells is the default, and only exceptions are set."""

    label = forms.CharField(label=_("Name shown"), max_length=100)
    name = forms.CharField(
        label=_("Name at the backend"), max_length=100, help_text=_("As it is sent, such as sora-2.")
    )
    backends = forms.ModelMultipleChoiceField(
        Backend.objects.all(),
        label=_("Backends"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Those that know it by its name. Without any it is not offered."),
    )
    lengths = forms.CharField(
        label=_("Lengths"),
        required=False,
        help_text=_("In seconds, with commas, such as 4, 8, 12. A span works too: 4-12."),
    )
    other_price = forms.CharField(
        label=_("Every other size"),
        required=False,
        max_length=20,
        help_text=_(
            "US dollars for one second in each size without a price of its own, such as 0.30. Empty: no price"
            " is known."
        ),
    )
    set_takes_reference = _ability(_("Takes a reference image"))
    set_takes_last_frame = _ability(_("Takes a last frame"), _("Beside the first one."))
    set_has_sound = _ability(_("Makes sound"))
    take = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = VideoModel
        fields = [
            *("name", "label", "description", "max_references", "generation_timeout", "backends"),
            *("enabled", "position", "studio_favourite"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        model = self.instance
        self.before = {name: getattr(model, name) for name in (*FOLLOWED, "kept_fields")}
        self._now = self._values_of(model)
        data = self.data if self.is_bound else None
        rows = size_initial(model.sizes, model.price_per_second)
        self.sizes = SizeRows(data, prefix="sizes", initial=rows)
        told = {entry["name"]: entry for entry in self._told_parameters}
        self.parameter_rows = ParameterRows(
            data,
            prefix="parameters",
            initial=parameter_initial(self._taken_parameters, told),
            form_kwargs={"told": told},
        )
        self._fill()

    def _fill(self) -> None:
        model = self.instance
        self.initial["lengths"] = format_lengths(model.seconds)
        self.initial["other_price"] = model.price_per_second.get(ANY_SIZE, "")
        self.initial["shown"] = json.dumps(self._now)
        if take := self.fields.get("take"):
            take.choices = [(name, LABELS[name]) for name in self.differing]  # type: ignore[attr-defined]
        for name in ABILITIES:
            if field := self.fields.get(f"set_{name}"):
                told = _FOUND[self._told_ability(name)]
                field.choices = [("", told), (ALWAYS, _("Always")), (NEVER, _("Never"))]  # type: ignore[attr-defined]
                self.initial[f"set_{name}"] = self._now[name]

    # --- What the service says ---

    @property
    def told(self) -> dict[str, Any]:
        """What the service's catalogue says, field by field; empty where none describes the model."""
        return self.instance.description_used if self.instance.described_by_id else {}

    @cached_property
    def differing(self) -> dict[str, str]:
        """The fields that are other than the service says, with what it says in words."""
        others = {name: value for name, value in self.told.items() if name not in ABILITIES}
        return {
            name: format_fact(value) if name != "parameters" else ", ".join(each["name"] for each in value)
            for name, value in others.items()
            if name in LABELS and self.before[name] != value
        }

    @cached_property
    def serving(self) -> Backend | None:
        """The backend that makes its videos first, as far as one serves it."""
        if not self.instance.pk:
            return None
        serving = list(self.instance.backends.all())
        in_use = [backend for backend in Backend.objects.in_use() if backend in serving]
        return next(iter([*in_use, *serving]), None)

    def _told_ability(self, name: str) -> bool | None:
        if name in self.told:
            value: bool | None = self.told[name]
            return value
        if name == "takes_reference" and self.serving:
            return self.serving.takes_reference
        return True if name == "takes_last_frame" and self.serving and self.serving.is_free else None

    @cached_property
    def _told_parameters(self) -> list[dict[str, Any]]:
        """The declarations of what the service is known to take for this model."""
        if "parameters" in self.told:
            return [declaration_of(each) for each in known_parameters(self.told["parameters"])]
        backend = self.serving
        service = backend and ("simulator" if backend.is_free else backend.service)
        return [declaration_of(each) for each in SERVICES[service].parameters] if service in SERVICES else []

    @property
    def _taken_parameters(self) -> tuple[Parameter, ...]:
        if self.instance.parameters is not None:
            return known_parameters(self.instance.parameters)
        return parse_declarations(self._told_parameters)

    # --- What was shown, and what is by now ---

    def _values_of(self, model: VideoModel) -> dict[str, Any]:
        """Return the fields as the form asks for them, comparable, and as JSON."""
        return {
            **{name: getattr(model, name) for name in ("label", "description", "max_references")},
            "sizes": list(model.sizes),
            "seconds": list(model.seconds),
            "price_per_second": dict(model.price_per_second),
            "parameters": _canonical(self._taken_parameters),
            **{name: self._choice_of(model, name) for name in ABILITIES},
            "backends": sorted(model.backends.values_list("pk", flat=True)) if model.pk else [],
        }

    def _choice_of(self, model: VideoModel, name: str) -> str:
        value = getattr(model, name)
        is_told = name not in model.kept_fields and value == (self.told.get(name))
        return "" if is_told or value is None else ALWAYS if value else NEVER

    @property
    def _shown(self) -> dict[str, Any]:
        """What the person had before them; what is there now, where the page does not say."""
        try:
            shown = json.loads(self.cleaned_data.get("shown") or "null")
        except ValueError:
            shown = None
        return {**self._now, **shown} if isinstance(shown, dict) else self._now

    # --- Checking ---

    @property
    def is_preview(self) -> bool:
        """Whether it was sent only to see what it would come to."""
        return self.is_bound and "_preview" in self.data

    def is_valid(self) -> bool:
        """A preview is never saved."""
        return super().is_valid() and not self.is_preview

    def clean_lengths(self) -> str:
        parse_lengths(self.cleaned_data["lengths"])
        return str(self.cleaned_data["lengths"])

    def clean_other_price(self) -> str:
        return parse_rate(self.cleaned_data["other_price"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        are_valid = [self.sizes.is_valid(), self.parameter_rows.is_valid()]
        if not are_valid[0]:
            self.add_error(None, gettext("Look at the sizes and prices again."))
        elif not offered_sizes(self.sizes):
            self.add_error(None, gettext("Offer at least one size."))
        if not are_valid[1]:
            self.add_error(None, gettext("Look at the parameters again."))
        if all(are_valid) and not self.errors:
            self._settle(cleaned)
        return cleaned

    def _settle(self, cleaned: dict[str, Any]) -> None:
        """Find out what the person has changed, and what has changed meanwhile."""
        wanted, shown = self._wanted(cleaned), self._shown
        self.chosen: dict[str, Any] = {}
        for name, value in wanted.items():
            if name in cleaned.get("take", ()):
                continue
            if value == shown[name]:
                if name in cleaned and name in self.before:
                    cleaned[name] = self.before[name]  # as it is by now
            elif self._now[name] not in (shown[name], value):
                field = _FIELDS.get(name, f"set_{name}" if name in ABILITIES else name)
                self.add_error(field if field in self.fields else None, self._changed_meanwhile(name))
            else:
                self.chosen[name] = value
        if self.errors:
            self._show_anew()

    def _changed_meanwhile(self, name: str) -> str:
        if name not in self.before:
            words = gettext("%(field)s changed meanwhile. Save again to set yours.")
            return words % {"field": LABELS[name]}
        words = gettext("%(field)s changed meanwhile, to %(value)s. Save again to set yours.")
        return words % {"field": LABELS[name], "value": format_fact(self.before[name])[:200]}

    def _show_anew(self) -> None:
        """Have the page say what is there now, so that saving again means it."""
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data[self.add_prefix("shown")] = json.dumps(self._now)

    def _wanted(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        prices = prices_of(self.sizes)
        if cleaned.get("other_price"):
            prices[ANY_SIZE] = cleaned["other_price"]
        return {
            **{name: cleaned[name] for name in ("label", "description", "max_references") if name in cleaned},
            "sizes": offered_sizes(self.sizes),
            "seconds": parse_lengths(cleaned["lengths"]),
            "price_per_second": prices,
            "parameters": sorted(declarations_of(self.parameter_rows), key=_name),
            **{name: cleaned.get(f"set_{name}", "") for name in ABILITIES},
            "backends": sorted(backend.pk for backend in cleaned.get("backends", ())),
        }

    def _post_clean(self) -> None:
        if not self.errors:
            for name, value in self.chosen.items():
                self._choose(name, value)
            for name in self.cleaned_data.get("take", ()):
                self._follow(name)
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which the stubs lack

    def _choose(self, name: str, value: Any) -> None:
        model = self.instance
        kept = [each for each in model.kept_fields if each != name]
        if name in ABILITIES:
            model.kept_fields = kept if value == "" else [*kept, name]
            setattr(model, name, self.told.get(name) if value == "" else _SET[value])
        elif name == "backends":
            pass  # rows of their own: `_save_m2m` writes them
        elif name == "parameters":
            model.parameters = self._parameters(value)
        else:
            setattr(model, name, value)

    def _follow(self, name: str) -> None:
        """Take what the service says of a field."""
        value = self.told[name]
        setattr(self.instance, name, value)
        if name in self.cleaned_data:
            self.cleaned_data[name] = value

    def _parameters(self, declarations: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """Return the column: what the service says where that is meant, in the order of the rows."""
        if declarations == sorted(self._told_parameters, key=_name):
            told: list[dict[str, Any]] | None = self.told.get("parameters")
            return told
        return declarations_of(self.parameter_rows)

    # --- Saving ---

    def _save_m2m(self) -> None:
        if "backends" not in self.chosen:  # a catalogue may have added or retired it meanwhile
            self.cleaned_data.pop("backends", None)
        super()._save_m2m()  # type: ignore[misc]  # Django's own hook, which the stubs lack

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """What of the columns that rows and lists stand for is other than before, in words."""
        names = (*_WRITTEN, *ABILITIES, "label", "description", "max_references")
        return {
            name: (_in_words(name, self.before[name]), _in_words(name, getattr(self.instance, name)))
            for name in names
            if self.before[name] != getattr(self.instance, name)
        }

    @property
    def changed_columns(self) -> list[str]:
        """The columns to write: only these, so that nothing is undone that changed meanwhile."""
        columns = {field.name for field in VideoModel._meta.concrete_fields}
        others = [name for name in self.changed_data if name in columns and name not in self.before]
        mine = [name for name, value in self.before.items() if value != getattr(self.instance, name)]
        return list(dict.fromkeys([*others, *mine]))


def _canonical(parameters: tuple[Parameter, ...]) -> list[dict[str, Any]]:
    return sorted(map(declaration_of, parameters), key=_name)


def _name(entry: dict[str, Any]) -> str:
    return str(entry["name"])


def _in_words(name: str, value: Any) -> str:
    if name == "parameters" and value:
        return ", ".join(str(entry.get("name", "?")) for entry in value if isinstance(entry, dict))
    return format_fact(value)
