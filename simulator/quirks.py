"""Quirks: where this server differs from the protocol all the time. A fault rule is about single requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from simulator.misreports import Misreport, parse_misreport
from simulator.protocol import ApiError

# How DELETE treats a job that has not ended: refuse it as the protocol says, or stop knowing it.
DELETE_STYLES = ("protocol", "sglang")
_REFUSALS = (400, 409)
_MAX_SECONDS = 86_400


@dataclass(frozen=True)
class Quirks:
    """The quirks of one server; without arguments it has none. They are described in the README.

    list_delay: seconds from a job's acceptance until lists contain it.
    clock_offset: seconds by which the server's clock is ahead; below 0 it is behind.
    workers: how many jobs are made at a time; None makes all at once.
    prices: US dollars per second of video, by model.
    """

    misreports: tuple[Misreport, ...] = ()
    list_delay: float = 0.0
    list_order: str | None = None
    clock_offset: float = 0.0
    honours_idempotency_key: bool = False
    workers: int | None = None
    delete_style: str = DELETE_STYLES[0]
    delete_refusal: int = _REFUSALS[0]
    prices: Mapping[str, float] = field(default_factory=dict)

    def moves_file(self, prompt: str) -> bool:
        """Return whether a finished job with this prompt has its file at an address of its own."""
        return any(one.moves_file(prompt) for one in self.misreports)

    def price(self, model: str, seconds: int) -> float | None:
        """Return what so many seconds of video cost in US dollars; None when the model has no price."""
        rate = self.prices.get(model)
        return None if rate is None else round(rate * seconds, 4)

    def to_response(self) -> dict[str, Any]:
        """Return the quirks as JSON that `parse_quirks` accepts."""
        return asdict(self)


def parse_quirks(body: object, current: Quirks) -> Quirks:
    """Return the current quirks, changed as decoded JSON says. Raises ApiError that says what is wrong."""
    if not isinstance(body, Mapping):
        raise ApiError("Quirks are an object.", param="quirks")
    known = {one.name for one in fields(Quirks)}
    for name, value in body.items():
        if name not in known:
            raise ApiError(f"Unknown quirk '{name}'; known are {', '.join(sorted(known))}.", param="quirks")
        expected, is_valid = _EXPECTED[name]
        if not is_valid(value):
            raise ApiError(f"'{name}' is {expected}.", param=name)
    changes = dict(body)
    if "misreports" in changes:
        changes["misreports"] = tuple(parse_misreport(one) for one in changes["misreports"])
    return replace(current, **changes)


def parse_quirks_text(text: str) -> Quirks:
    """Return the quirks in JSON text, as it stands in the environment. Raises ApiError."""
    try:
        return parse_quirks(json.loads(text), Quirks())
    except ValueError as error:
        raise ApiError(f"The quirks are not JSON: {error}.", param="quirks") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MAX_SECONDS


def _is_offset(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX_SECONDS


def _is_workers(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)


def _are_prices(value: object) -> bool:
    return isinstance(value, Mapping) and all(_is_number(price) for price in value.values())


# For each quirk: what it is, in words and as a check.
_EXPECTED: dict[str, tuple[str, Callable[[object], bool]]] = {
    "misreports": ("a list", lambda value: isinstance(value, list)),
    "list_delay": ("a number of seconds, 0 to 86400", _is_number),
    "list_order": ("asc, desc or null", lambda value: value in ("asc", "desc", None)),
    "clock_offset": ("a number of seconds, -86400 to 86400", _is_offset),
    "honours_idempotency_key": ("true or false", lambda value: isinstance(value, bool)),
    "workers": ("a whole number above 0, or null", _is_workers),
    "delete_style": (f"one of {', '.join(DELETE_STYLES)}", lambda value: value in DELETE_STYLES),
    "delete_refusal": ("400 or 409", lambda value: value in _REFUSALS),
    "prices": ("an object of US dollars per second, by model", _are_prices),
}
