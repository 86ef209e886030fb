"""Misreports: how a server describes a job otherwise than it was asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from simulator.protocol import ApiError

OPERATIONS = ("create", "retrieve", "list")
STATUSES = ("queued", "in_progress", "completed", "failed")
_NORMALISATIONS: dict[str, Callable[[str], str]] = {
    "nfkc": lambda text: unicodedata.normalize("NFKC", text),
    "spaces": lambda text: " ".join(text.split()),
    "lower": str.lower,
    "punctuation": lambda text: text.rstrip(".,;:!?… "),
}
_FILE_PLACE = re.compile(r"[a-z_]+(\.([a-z_]+|0))*")


@dataclass(frozen=True)
class Misreport:
    """One way to describe jobs wrongly, in the replies to the operations `on`.

    `on` "create" includes remix, edit and extend. Only jobs whose prompt contains `match` are affected; None
    affects all. The other fields are described in the README.
    """

    on: tuple[str, ...] = OPERATIONS
    match: str | None = None
    rename_model: str = "{model}"
    cut_prompt: int | None = None
    normalise_prompt: tuple[str, ...] = ()
    round_size: int | None = None
    add_seconds: int = 0
    statuses: Mapping[str, str] = field(default_factory=dict)
    file_at: str | None = None
    completed_fields: Mapping[str, Any] = field(default_factory=dict)
    failed_fields: Mapping[str, Any] = field(default_factory=dict)
    null: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def affects(self, operation: str, prompt: str) -> bool:
        """Return whether the reply to this operation describes a job with this prompt wrongly."""
        return operation in self.on and self._matches(prompt)

    def moves_file(self, prompt: str) -> bool:
        """Return whether the finished video of a job with this prompt has an address of its own."""
        return self.file_at is not None and self._matches(prompt)

    def apply(self, video: dict[str, Any], file_address: str) -> dict[str, Any]:
        """Return the protocol's Video object as this server describes it."""
        told = {
            **video,
            "model": self.rename_model.replace("{model}", video["model"]),
            "prompt": self._told_prompt(video["prompt"]),
            "size": self._told_size(video["size"]),
            "seconds": str(int(video["seconds"]) + self.add_seconds),
            "status": self.statuses.get(video["status"], video["status"]),
        }
        if video["status"] == "completed":
            told.update(self.completed_fields)
            if self.file_at is not None:
                _place(told, self.file_at, file_address)
        if video["status"] == "failed":
            told.update(self.failed_fields)
        told.update(dict.fromkeys(self.null))
        return {name: value for name, value in told.items() if name not in self.absent}

    def _matches(self, prompt: str) -> bool:
        return self.match is None or self.match in prompt

    def _told_prompt(self, prompt: str) -> str:
        for step in self.normalise_prompt:
            prompt = _NORMALISATIONS[step](prompt)
        return prompt[: self.cut_prompt]

    def _told_size(self, size: str) -> str:
        multiple = self.round_size
        if multiple is None:
            return size
        return "x".join(
            str((2 * int(side) + multiple) // (2 * multiple) * multiple) for side in size.split("x")
        )


def misreport(
    misreports: tuple[Misreport, ...], operation: str, video: dict[str, Any], file_address: str
) -> dict[str, Any]:
    """Return the Video object as the first of the misreports that affects it describes it."""
    for one in misreports:
        if one.affects(operation, video["prompt"]):
            return one.apply(video, file_address)
    return video


def parse_misreport(given: object) -> Misreport:
    """Return the misreport in decoded JSON. Raises ApiError that says what is wrong with it."""
    if not isinstance(given, Mapping):
        raise ApiError("A misreport is an object.", param="misreports")
    known = {one.name for one in fields(Misreport)}
    for name, value in given.items():
        if name not in known:
            raise ApiError(f"Unknown '{name}'; known are {', '.join(sorted(known))}.", param="misreports")
        expected, is_valid = _EXPECTED[name]
        if not is_valid(value):
            raise ApiError(f"'{name}' is {expected}.", param=name)
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return Misreport(**values)


def _place(video: dict[str, Any], place: str, value: object) -> None:
    """Set the value at a place like "outputs.0.url", where 0 is the only item of a list."""
    first, *rest = place.split(".")
    for key in reversed(rest):
        value = [value] if key == "0" else {key: value}
    video[first] = value


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_or_null(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_place(value: object) -> bool:
    return isinstance(value, str) and _FILE_PLACE.fullmatch(value) is not None


def _is_status_map(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        status in STATUSES and isinstance(word, str) for status, word in value.items()
    )


def _is_list_of(*choices: str) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        return isinstance(value, list) and all(
            isinstance(item, str) and (not choices or item in choices) for item in value
        )

    return check


# For each field of a misreport: what it is, in words and as a check.
_EXPECTED: dict[str, tuple[str, Callable[[object], bool]]] = {
    "on": (f"a list of {', '.join(OPERATIONS)}", _is_list_of(*OPERATIONS)),
    "match": ("a text or null", _is_text_or_null),
    "rename_model": ("a text, in which {model} stands for the name", _is_text),
    "cut_prompt": ("a number of characters", _is_count),
    "normalise_prompt": (f"a list of {', '.join(_NORMALISATIONS)}", _is_list_of(*_NORMALISATIONS)),
    "round_size": ("a number of pixels", _is_count),
    "add_seconds": ("a whole number", _is_integer),
    "statuses": (f"an object from {', '.join(STATUSES)} to other words", _is_status_map),
    "file_at": ("a place like url, urls.0 or outputs.0.url", _is_place),
    "completed_fields": ("an object", _is_object),
    "failed_fields": ("an object", _is_object),
    "null": ("a list of field names", _is_list_of()),
    "absent": ("a list of field names", _is_list_of()),
}
