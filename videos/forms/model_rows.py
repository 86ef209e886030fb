"""The rows in the form of a model: its sizes with their prices, and the parameters that it takes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy, pgettext

from accounts.formats import format_number
from videos.backends.catalogue import MAX_SIDE, is_size, size_for
from videos.backends.parameters import TYPES, VIDEOS_API_PARAMETERS, Parameter, ParameterValue
from videos.models.video_model import ANY_SIZE, is_rate
from videos.parameters import MAX_PARAMETERS, declaration_of, parse_declarations

MAX_SIZES = 200
MAX_LENGTHS, MAX_SECONDS = 120, 3600  # of a model's lengths, and of one of them
NEW_ROWS = 2  # for what is added
MAX_ROWS = 2 * MAX_PARAMETERS  # of parameters: those that it takes, and the usual ones
AS_TOLD, TAKEN, NOT_TAKEN = "", "yes", "no"

_SIZE_EXAMPLE = gettext_lazy("Write it as 1280x720, or as 720p 16:9.")
_PRICE_EXAMPLE = gettext_lazy("Write US dollars for one second with at most four decimals, such as 0.30.")
_LENGTHS_EXAMPLE = gettext_lazy("Write whole seconds with commas, such as 4, 8, 12, or a span, such as 4-12.")
_NUMBERED = re.compile(r"^\w+ 1: ")  # how a sentence about the only parameter begins
_QUOTED = re.compile(r"[“„](\w+)[”“]")  # the first name in a sentence, in English or German quotes
_SPAN = re.compile(r"(\d{1,5})\s*[-\N{EN DASH}]\s*(\d{1,5})")


def parse_size(text: str) -> str:
    """Return the size that a person wrote, as the catalogue keeps it. Raises `ValidationError`."""
    plain = re.sub(r"\s*[x\u00d7*]\s*", "x", text.strip().lower())
    resolution, _, ratio = plain.partition(" ")
    size = plain if is_size(plain) else size_for(resolution, ratio.strip())
    if size is None or not is_size(size):
        limit = gettext("A side has at most %(limit)s pixels.") % {"limit": format_number(MAX_SIDE)}
        raise ValidationError(f"{_SIZE_EXAMPLE} {limit}")
    return size


def parse_rate(text: str) -> str:
    """Return the price of a second as the catalogue keeps it; empty for none. Raises `ValidationError`."""
    plain = text.strip().removeprefix("$").strip()
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if plain.startswith("."):
        plain = f"0{plain}"
    if plain and not is_rate(plain):
        raise ValidationError(_PRICE_EXAMPLE)
    return plain


def parse_lengths(text: str) -> list[int]:
    """Return the lengths in seconds that a person wrote, each once. Raises `ValidationError`."""
    found: list[int] = []
    for part in filter(None, (each.strip().removesuffix("s").strip() for each in text.split(","))):
        span = _SPAN.fullmatch(part)
        if not (span or (part.isdecimal() and len(part) < 6)):
            raise ValidationError(_LENGTHS_EXAMPLE)
        first, last = (int(span[1]), int(span[2])) if span else (int(part), int(part))
        if not 0 < first <= last <= MAX_SECONDS:
            bounds = gettext("A length is between 1 and %(limit)s seconds.")
            raise ValidationError(f"{bounds % {'limit': format_number(MAX_SECONDS)}} {_LENGTHS_EXAMPLE}")
        found += range(first, last + 1)
    unique = list(dict.fromkeys(found))
    if not unique:
        raise ValidationError(f"{gettext('Name at least one length.')} {_LENGTHS_EXAMPLE}")
    if len(unique) > MAX_LENGTHS:
        raise ValidationError(gettext("A model has at most %(limit)s lengths.") % {"limit": MAX_LENGTHS})
    return unique


def format_lengths(seconds: Iterable[object]) -> str:
    return ", ".join(map(str, seconds))


# --- Sizes -------------------------------------------------------------------------------------------------


class SizeRow(forms.Form):
    """A size, whether it is offered, and what a second costs in it."""

    offered = forms.BooleanField(label=gettext_lazy("Offered"), required=False, initial=True)
    size = forms.CharField(label=gettext_lazy("Size"), required=False, max_length=40)
    price = forms.CharField(label=gettext_lazy("Price"), required=False, max_length=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "empty_permitted": False})  # or one left alone has no data

    def clean_size(self) -> str:
        text: str = self.cleaned_data["size"]
        return parse_size(text) if text.strip() else ""

    def clean_price(self) -> str:
        return parse_rate(self.cleaned_data["price"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("price") and data.get("size") == "":
            self.add_error("size", gettext("Say which size this price is for."))
        return data


class _SizeRows(forms.BaseFormSet[SizeRow]):
    def clean(self) -> None:
        """Refuse a size that stands there twice, at its second row."""
        seen: set[str] = set()
        for row in self.forms:
            size = row.cleaned_data.get("size") if row.is_valid() else ""
            if size and size in seen:
                row.add_error("size", gettext("%(size)s is in the table already.") % {"size": size})
            seen.add(size or "")


SizeRows = forms.formset_factory(
    SizeRow, _SizeRows, extra=NEW_ROWS, max_num=MAX_SIZES, absolute_max=MAX_SIZES
)


def offered_sizes(rows: forms.BaseFormSet[SizeRow]) -> list[str]:
    """Return the sizes that are offered, of valid rows."""
    found = [row.cleaned_data for row in rows.forms]
    return [row["size"] for row in found if row.get("size") and row.get("offered")]


def prices_of(rows: forms.BaseFormSet[SizeRow]) -> dict[str, str]:
    """Return the prices by size, without that of all others, of valid rows."""
    found = [row.cleaned_data for row in rows.forms]
    return {row["size"]: row["price"] for row in found if row.get("size") and row.get("price")}


def size_initial(sizes: Sequence[str], prices: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows for a model: its sizes, and those that only have a price."""
    others = [size for size in prices if size not in sizes and size != ANY_SIZE]
    return [
        {"offered": size in sizes, "size": size, "price": prices.get(size, "")} for size in [*sizes, *others]
    ]


# --- Parameters --------------------------------------------------------------------------------------------


_TYPE_LABELS = (
    gettext_lazy("Whole number"),
    gettext_lazy("Number"),
    gettext_lazy("On or off"),
    gettext_lazy("One of a list"),
    gettext_lazy("Text"),
)


class ParameterRow(forms.Form):
    """A parameter: whether the model takes it, and within which bounds."""

    taken = forms.ChoiceField(
        required=False,
        choices=[
            (AS_TOLD, gettext_lazy("As the service says (not told)")),
            (TAKEN, gettext_lazy("Taken")),
            (NOT_TAKEN, gettext_lazy("Not taken")),
        ],
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("As the service reads it, such as seed."),
    )
    label = forms.CharField(
        label=gettext_lazy("Label"), required=False, help_text=gettext_lazy("What people see, such as Seed.")
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        required=False,
        choices=list(zip(TYPES, _TYPE_LABELS, strict=True)),
    )
    minimum = forms.CharField(
        label=gettext_lazy("Minimum"), required=False, help_text=gettext_lazy("Of numbers, such as 1.")
    )
    maximum = forms.CharField(
        label=gettext_lazy("Maximum"), required=False, help_text=gettext_lazy("Of numbers, such as 50.")
    )
    choices = forms.CharField(
        label=gettext_lazy("Choices"),
        required=False,
        help_text=gettext_lazy("Of a list, with commas, such as low, high."),
    )
    max_length = forms.CharField(
        required=False, label=gettext_lazy("Longest text"), help_text=gettext_lazy("In characters.")
    )
    default = forms.CharField(
        label=gettext_lazy("Default"),
        required=False,
        help_text=gettext_lazy("Sent when nobody chooses a value."),
    )
    help = forms.CharField(
        label=gettext_lazy("Help"), required=False, help_text=gettext_lazy("A sentence for people.")
    )

    def __init__(self, *args: Any, told: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "empty_permitted": False})
        self._told = told or {}
        if self.told is not None:
            words = [
                (AS_TOLD, gettext("As the service says (taken)")),
                (TAKEN, gettext("Taken, with the limits below")),
            ]
            self.fields["taken"].choices = [*words, (NOT_TAKEN, gettext("Not taken"))]  # type: ignore[attr-defined]

    @property
    def told(self) -> dict[str, Any] | None:
        """The declaration that the service gives of this parameter; None where it says nothing."""
        found: dict[str, Any] | None = self._told.get(str(self["name"].value() or ""))
        return found

    @property
    def is_new(self) -> bool:
        """Whether this row is for one that is not known yet."""
        return not self.initial.get("name")

    @property
    def title(self) -> str:
        return str(self["label"].value() or self["name"].value() or gettext("Another parameter"))

    @property
    def words(self) -> str:
        """Whether it is taken, in words."""
        choice = self["taken"].value() or AS_TOLD
        if choice == AS_TOLD:
            return gettext("not told") if self.told is None else pgettext("parameter", "taken")
        return pgettext("parameter", "taken") if choice == TAKEN else pgettext("parameter", "not taken")

    def clean(self) -> dict[str, Any]:
        """Put what is wrong with a declaration at its field."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.declaration: dict[str, Any] | None = None
        choice = data.get("taken") or AS_TOLD
        if choice == AS_TOLD:
            self.declaration = self.told
        elif choice == TAKEN and not self.errors:
            self._declare(data)
        return data

    def _declare(self, data: Mapping[str, Any]) -> None:
        try:
            entry = {key: value for key, value in self._entry(data).items() if value not in (None, "", [])}
            (parameter,) = parse_declarations([entry])
        except ValidationError as error:
            if hasattr(error, "error_dict"):
                self.add_error(None, error)
                return
            sentence = _NUMBERED.sub("", error.messages[0])
            named = _QUOTED.search(sentence)
            field = named[1] if named and named[1] in self.fields else "name"
            self.add_error(field, sentence)
        else:
            self.declaration = declaration_of(parameter)

    def _entry(self, data: Mapping[str, Any]) -> dict[str, Any]:
        kind = data["type"] or "integer"
        is_number = kind in ("integer", "number")
        return {
            **{key: data[key].strip() for key in ("name", "label", "help", "default")},
            "type": kind,
            **{key: self._number(data, key) for key in ("minimum", "maximum") if is_number},
            "max_length": self._number(data, "max_length") if kind == "text" else None,
            "choices": self._choices(data["choices"]) if kind == "choice" else None,
        }

    def _number(self, data: Mapping[str, Any], key: str) -> float | None:
        text = data[key].strip().replace(",", ".")
        if not text:
            return None
        try:
            return int(text) if re.fullmatch(r"[+-]?\d{1,16}", text) else float(text)
        except ValueError:
            raise ValidationError({key: gettext("Write a number.")}) from None

    def _choices(self, text: str) -> list[ParameterValue]:
        """Return the choices: those there were in their own types, others as numbers where all are."""
        before = {str(each): each for each in self.initial.get("choice_values", ())}
        parts = [part.strip() for part in text.split(",") if part.strip()]
        are_numbers = all(part.isdecimal() and len(part) < 10 for part in parts if part not in before)
        return [before.get(part, int(part) if are_numbers and part.isdecimal() else part) for part in parts]


class _ParameterRows(forms.BaseFormSet[ParameterRow]):
    def clean(self) -> None:
        """Refuse a name that stands there twice, and more than a model may have."""
        seen: set[str] = set()
        for row in self.forms:
            name = (row.declaration or {}).get("name", "").casefold() if row.is_valid() else ""
            if name and name in seen:
                words = gettext("“%(name)s” is in the list already; upper and lower case are the same.")
                row.add_error("name", words % {"name": name})
            seen.add(name)
        if len(seen - {""}) > MAX_PARAMETERS:
            too_many = gettext("A model can have at most %(limit)s parameters.")
            raise ValidationError(too_many % {"limit": MAX_PARAMETERS})


ParameterRows = forms.formset_factory(
    ParameterRow, _ParameterRows, extra=1, max_num=MAX_ROWS, absolute_max=MAX_ROWS
)


def declarations_of(rows: forms.BaseFormSet[ParameterRow]) -> list[dict[str, Any]]:
    """Return what the model takes, of valid rows, in their order."""
    return [row.declaration for row in rows.forms if row.declaration]


def parameter_initial(
    taken: Sequence[Parameter], told: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the rows for a model that takes these, of whose parameters its service tells those: first what
    it takes, then what is told besides, then the usual ones.
    """
    rows = [_initial_of(declaration_of(each), told) for each in taken]
    names = {row["name"].casefold() for row in rows}
    rows += [
        {**_initial_of(entry, told), "taken": NOT_TAKEN}
        for name, entry in told.items()
        if name.casefold() not in names
    ]
    names = {row["name"].casefold() for row in rows}
    usual = [declaration_of(each) for each in VIDEOS_API_PARAMETERS if each.name.casefold() not in names]
    return [*rows, *({**_initial_of(entry, told), "taken": AS_TOLD} for entry in usual)]


def _initial_of(entry: Mapping[str, Any], told: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    values = entry.get("choices", [])
    default = entry.get("default", "")
    return {
        **entry,
        "taken": AS_TOLD if told.get(entry["name"]) == entry else TAKEN,
        "choices": ", ".join(map(str, values)),
        "choice_values": values,
        "default": str(default).lower() if isinstance(default, bool) else default,
    }
