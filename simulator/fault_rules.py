"""Fault rules: which operation fails, in which way and how often. `fault_injection` carries them out."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from simulator.protocol import ApiError
from simulator.transcoder import FORMATS

CREATING_OPERATIONS = ("create", "remix", "edit", "extend")
OPERATIONS = (*CREATING_OPERATIONS, "retrieve", "list", "content", "delete", "chat")

# For each kind of fault: the operations it can affect, and its options with their defaults.
FAULT_KINDS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "refuse": (
        OPERATIONS,
        {
            "status": 400,
            "code": "invalid_value",
            "message": "The simulator was told to refuse this.",
            "type": "",
        },
    ),
    "rate_limit": (OPERATIONS, {"retry_after": 1}),
    "error_before": (OPERATIONS, {"status": 500}),
    "not_found": (OPERATIONS, {}),
    "html_error": (OPERATIONS, {"status": 403}),
    "hang": (OPERATIONS, {"seconds": 30.0, "accepted": False}),
    "garbage": (OPERATIONS, {"accepted": False}),
    "error_after": ((*CREATING_OPERATIONS, "delete"), {"status": 500}),
    "drop_reply": (OPERATIONS, {}),
    "fail_job": (
        CREATING_OPERATIONS,
        {
            "code": "moderation_blocked",
            "message": "The simulator was told to fail this job.",
            "fraction": 0.5,
        },
    ),
    "unknown_status": ((*CREATING_OPERATIONS, "retrieve", "list"), {"status": "postprocessing"}),
    "huge": (("chat",), {"bytes": 2_000_000}),
    "drip": (("chat",), {"seconds": 30.0}),
    "truncate": (("content",), {"fraction": 0.5}),
    "slow_content": (("content",), {"bytes_per_second": 100_000}),
    "other_format": (("content",), {"format": "hevc"}),
}
_NULLABLE_OPTIONS = ("retry_after",)
_CONDITIONS = ("times", "probability", "match", "model")


@dataclass
class FaultRule:
    """One rule. `times` is how often it still applies; None means always.

    It is about the jobs whose prompt contains `match` and whose model is `model`; None means any.
    """

    on: str
    kind: str
    times: int | None = None
    probability: float = 1.0
    match: str | None = None
    model: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def is_applicable(self, operation: str, prompt: str | None, model: str | None) -> bool:
        """Return whether the rule is about this operation. Its probability is not considered here."""
        if self.on not in (operation, "any") or operation not in FAULT_KINDS[self.kind][0] or self.times == 0:
            return False
        if self.model not in (None, model):
            return False
        return self.match is None or (prompt is not None and self.match in prompt)


class FaultRules:
    """The rules in force, in order. The first applicable one is used, and one of its `times` with it."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []

    def add(self, rules: list[FaultRule]) -> None:
        """Append rules to those in force."""
        self._rules.extend(rules)

    def clear(self) -> None:
        """Remove all rules."""
        self._rules.clear()

    def to_response(self) -> dict[str, Any]:
        """Return the rules in force, each with the `times` that are left."""
        listed = []
        for rule in self._rules:
            fields = asdict(rule)
            listed.append({**fields.pop("options"), **fields})
        return {"rules": listed}

    def take(self, operation: str, prompt: str | None = None, model: str | None = None) -> FaultRule | None:
        """Return the rule that this operation falls under, if any, and count it as used.

        `prompt` and `model` are None for operations that concern no single job.
        """
        for rule in self._rules:
            if rule.is_applicable(operation, prompt, model) and random.random() < rule.probability:
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None


def parse_rules(body: object) -> list[FaultRule]:
    """Return the rules in decoded JSON. Raises ApiError that says what is wrong with it."""
    listed = body.get("rules") if isinstance(body, Mapping) else None
    if not isinstance(listed, list):
        raise ApiError('Expected {"rules": [...]}.', param="rules")
    return [_parse_rule(given) for given in listed]


def parse_rules_text(text: str) -> list[FaultRule]:
    """Return the rules in JSON text, as it stands in the environment. Raises ApiError."""
    try:
        return parse_rules(json.loads(text))
    except ValueError as error:
        raise ApiError(f"The fault rules are not JSON: {error}.", param="rules") from error


def _parse_rule(given: object) -> FaultRule:
    if not isinstance(given, Mapping):
        raise ApiError("A rule is an object.", param="rules")
    kind, on = given.get("kind"), given.get("on", "any")
    if not isinstance(kind, str) or kind not in FAULT_KINDS:
        raise ApiError(f"Unknown kind of fault; known are {', '.join(FAULT_KINDS)}.", param="kind")
    operations, defaults = FAULT_KINDS[kind]
    if on != "any" and on not in operations:
        raise ApiError(f"'{kind}' works on {', '.join(operations)} or any.", param="on")
    conditions = {name: given[name] for name in _CONDITIONS if name in given}
    options = {name: value for name, value in given.items() if name not in ("kind", "on", *conditions)}
    _validate_conditions(conditions)
    _validate_options(options, defaults)
    return FaultRule(on, kind, options={**defaults, **options}, **conditions)


def _validate_conditions(conditions: Mapping[str, Any]) -> None:
    times = conditions.get("times")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 0):
        raise ApiError("'times' is a whole number, or null for always.", param="times")
    if not isinstance(conditions.get("probability", 1.0), int | float):
        raise ApiError("'probability' is a number from 0 to 1.", param="probability")
    if not isinstance(conditions.get("match"), str | None):
        raise ApiError("'match' is a text.", param="match")
    if not isinstance(conditions.get("model"), str | None):
        raise ApiError("'model' is the name of a model.", param="model")


def _validate_options(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name not in defaults:
            raise ApiError(f"Unknown option '{name}'; known are {', '.join(defaults) or 'none'}.", param=name)
        if value is None and name in _NULLABLE_OPTIONS:
            continue
        expected = int | float if isinstance(defaults[name], float) else type(defaults[name])
        if not isinstance(value, expected):
            raise ApiError(f"'{name}' should be like {defaults[name]!r}.", param=name)
        if name == "status" and isinstance(value, int) and not 400 <= value <= 599:
            raise ApiError("'status' is an HTTP error, 400 to 599.", param=name)
        if name == "format" and value not in FORMATS:
            raise ApiError(f"'format' is one of {', '.join(FORMATS)}.", param=name)
