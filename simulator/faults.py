"""Misbehaviour on request: rules that say which call goes wrong, how, and how often."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from simulator.protocol import Refusal

MAKING = ("create", "remix", "edit", "extend")
CALLS = (*MAKING, "retrieve", "list", "content", "delete")

# Each kind: the calls it can spoil, and its options with their defaults.
KINDS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "refuse": (
        CALLS,
        {"status": 400, "code": "invalid_value", "message": "The simulator was told to refuse this."},
    ),
    "rate_limit": (CALLS, {"retry_after": 1}),
    "error_before": (CALLS, {"status": 500}),
    "not_found": (CALLS, {}),
    "hang": (CALLS, {"seconds": 30.0, "accepted": False}),
    "garbage": (CALLS, {"accepted": False}),
    "error_after": ((*MAKING, "delete"), {"status": 500}),
    "drop_reply": (CALLS, {}),
    "fail_job": (
        MAKING,
        {
            "code": "moderation_blocked",
            "message": "The simulator was told to fail this job.",
            "fraction": 0.5,
        },
    ),
    "unknown_status": ((*MAKING, "retrieve", "list"), {"status": "postprocessing"}),
    "truncate": (("content",), {"fraction": 0.5}),
    "slow_content": (("content",), {"bytes_per_second": 100_000}),
}


@dataclass
class Rule:
    """One rule. `times`: how often it still applies, None for always; `match` must be part of the prompt."""

    on: str
    kind: str
    times: int | None = None
    probability: float = 1.0
    match: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def applies(self, call: str, prompt: str | None) -> bool:
        """Whether it speaks of this call (not whether chance lets it strike)."""
        if self.on not in (call, "any") or call not in KINDS[self.kind][0] or self.times == 0:
            return False
        return self.match is None or (prompt is not None and self.match in prompt)


class Faults:
    """The rules in force. The first that applies strikes and is used up by one."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rules: list[Rule]) -> None:
        """Put more rules behind those in force."""
        self._rules.extend(rules)

    def clear(self) -> None:
        """Behave again."""
        self._rules.clear()

    def show(self) -> dict[str, Any]:
        """The rules in force, each with the `times` that are left."""
        shown = []
        for rule in self._rules:
            plain = asdict(rule)
            shown.append({**plain.pop("options"), **plain})
        return {"rules": shown}

    def strike(self, call: str, prompt: str | None = None) -> Rule | None:
        """The rule that spoils this call, if any; `prompt` is None where a call has no single job."""
        for rule in self._rules:
            if rule.applies(call, prompt) and random.random() < rule.probability:
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None


def parse(body: object) -> list[Rule]:
    """Rules from their JSON form; a Refusal says what is wrong with it."""
    listed = body.get("rules") if isinstance(body, Mapping) else None
    if not isinstance(listed, list):
        raise Refusal('Expected {"rules": [...]}.', param="rules")
    return [_rule(one) for one in listed]


def parse_text(text: str) -> list[Rule]:
    """Rules from JSON text, as in the environment."""
    try:
        return parse(json.loads(text))
    except ValueError as error:
        raise Refusal(f"The fault rules are not JSON: {error}.", param="rules") from error


def _rule(given: object) -> Rule:
    if not isinstance(given, Mapping):
        raise Refusal("A rule is an object.", param="rules")
    kind, on = given.get("kind"), given.get("on", "any")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refusal(f"Unknown kind of fault; known are {', '.join(KINDS)}.", param="kind")
    calls, defaults = KINDS[kind]
    if on != "any" and on not in calls:
        raise Refusal(f"'{kind}' works on {', '.join(calls)} or any.", param="on")
    plain = {name: given[name] for name in ("times", "probability", "match") if name in given}
    options = {name: value for name, value in given.items() if name not in ("kind", "on", *plain)}
    _check_plain(plain)
    _check_options(options, defaults)
    return Rule(on, kind, options={**defaults, **options}, **plain)


def _check_plain(plain: Mapping[str, Any]) -> None:
    times = plain.get("times")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 0):
        raise Refusal("'times' is a whole number, or null for always.", param="times")
    if not isinstance(plain.get("probability", 1.0), int | float):
        raise Refusal("'probability' is a number from 0 to 1.", param="probability")
    if not isinstance(plain.get("match"), str | None):
        raise Refusal("'match' is a text.", param="match")


def _check_options(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name not in defaults:
            raise Refusal(f"Unknown option '{name}'; known are {', '.join(defaults) or 'none'}.", param=name)
        wanted = int | float if isinstance(defaults[name], float) else type(defaults[name])
        if not isinstance(value, wanted):
            raise Refusal(f"'{name}' should be like {defaults[name]!r}.", param=name)
        if name == "status" and isinstance(value, int) and not 400 <= value <= 599:
            raise Refusal("'status' is an HTTP error, 400 to 599.", param=name)
