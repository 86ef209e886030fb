"""How settings are read from the environment."""

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

_MAX_SECRET = 65_536  # characters of a file that holds one
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def choice(*names: str) -> Callable[[str], str]:
    """Return a cast that accepts one of `names`, in any case."""

    def cast(value: str) -> str:
        for name in names:
            if value.lower() == name.lower():
                return name
        raise ValueError(f"{', '.join(names[:-1])} or {names[-1]}")

    return cast


def mapping(*names: str) -> Callable[[str], dict[str, str]]:
    """Return a cast that reads `theirs=ours, …`. Where `names` are given, ours is one of them."""

    def cast(value: str) -> dict[str, str]:
        pairs = [pair.rpartition("=") for pair in value.split(",") if pair.strip()]
        found = {theirs.strip(): ours.strip() for theirs, _, ours in pairs}
        if not all(theirs and ours and (not names or ours in names) for theirs, ours in found.items()):
            raise ValueError(f"pairs such as their-name={names[0] if names else 'Our name'}, with commas")
        return found

    return cast


def amount(value: str) -> Decimal:
    """Return an amount of money: digits and a point, as Python writes it in any locale."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value):
        raise ValueError("an amount such as 12.50")
    return Decimal(value)


def currency_code(value: str) -> str:
    """Return the code of a currency, as ISO 4217 has them."""
    if not re.fullmatch(r"[A-Za-z]{3}", value):
        raise ValueError("a currency's code of three letters, such as EUR")
    return value.upper()


def networks(value: str) -> list[str]:
    """Return networks and single addresses, as CIDR writes them."""
    try:
        return [str(ip_network(each.strip())) for each in value.split(",") if each.strip()]
    except ValueError as error:
        raise ValueError("networks such as 10.1.0.0/16, fd00:1::/64 or 192.168.1.5, with commas") from error


def whole_numbers(value: str) -> list[int]:
    """Return numbers from 1 up."""
    if not re.fullmatch(r" *[1-9][0-9]{0,8} *(, *[1-9][0-9]{0,8} *)*", value):
        raise ValueError("whole numbers from 1 up, with commas")
    return [int(each) for each in value.split(",")]


def proxy_count(value: str) -> int:
    """Return a number of proxies. The yes and no of earlier releases stand for one and none."""
    if value.lower() in _TRUE + _FALSE:
        return int(value.lower() in _TRUE)
    if not (value.isascii() and value.isdigit()):
        raise ValueError("the number of proxies in front of the studio, such as 1")
    return int(value)


def read_secret_files(variables: MutableMapping[str, str], names: Iterable[str]) -> None:
    """Set each of `names` that `NAME_FILE` names a file for, as container platforms hand out secrets.

    A line break at its end is not part of a secret. Raises `ImproperlyConfigured` for a file that cannot be
    read or is no text, and where both variables are set.
    """
    for name in names:
        path = variables.get(f"{name}_FILE")
        if not path:
            continue
        if variables.get(name):
            raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
        try:
            with Path(path).open(encoding="utf-8") as file:
                variables[name] = file.read(_MAX_SECRET).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ImproperlyConfigured(f"{name}_FILE={path} cannot be read: {reason}.") from error


class Env(environ.Env):  # type: ignore[misc]  # django-environ ships no types
    """`environ.Env` that is strict about what it reads.

    An empty variable counts as unset; a `$` stands for itself, because secrets contain it. A value that
    cannot be read raises `ImproperlyConfigured` with the name of its variable and what it should be.
    """

    def __init__(self, variables: Mapping[str, str], base: Path) -> None:
        super().__init__()
        self._base = base
        self.names: set[str] = set()  # of all variables that were asked for
        # django-environ takes `$NAME` for the name of another variable unless the `$` is escaped.
        self.escape_proxy = True
        self.ENVIRON = {name: value.replace("$", r"\$") for name, value in variables.items() if value}

    def __contains__(self, var: str) -> bool:
        self.names.add(var)
        return bool(super().__contains__(var))

    def folder(self, var: str, default: Path) -> Path:
        """Return an absolute path. One that is relative in `var` is relative to `base`, not to the shell."""
        return (self._base / Path(self.str(var, default=str(default))).expanduser()).resolve()

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        self.names.add(var)
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            value = self.ENVIRON[var].replace(r"\$", "$")
            raise ImproperlyConfigured(f"{var} must be {error}, not “{value}”.") from error

    @classmethod
    def parse_value(cls, value: str, cast: Any) -> Any:
        if cast is bool:
            if value.lower() not in _TRUE + _FALSE:
                raise ValueError("1 or 0")
            return value.lower() in _TRUE
        if cast is int and not (value.isascii() and value.isdigit()):
            raise ValueError("a whole number, 0 or more")
        if cast is list:
            return [item.strip() for item in value.split(",") if item.strip()]
        return super().parse_value(value, cast)
