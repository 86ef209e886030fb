"""`manage.py` where there is no studio: it says so in one sentence, and leaves nothing behind."""

import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError, connection

from audit import origin
from audit.vocabulary import Door
from contentgen.run import state
from contentgen.version import VERSION

# `migrate` makes a studio of an empty folder. These need none, and make none.
_NEED_NO_STUDIO = frozenset(
    {"check", "collectstatic", "diffsettings", "doctor", "findstatic", "help", "makemigrations"}
)
_WRONG = 2  # what doctor exits with, when something is wrong
_HELP = frozenset({"-h", "--help"})
_VERSION = frozenset({"version", "--version"})  # Django would answer with its own


def run(arguments: Sequence[str]) -> None:
    """Run the command in `arguments`, as of `sys.argv`. Exits with a sentence where it lacks a studio."""
    command = arguments[1] if len(arguments) > 1 else "help"
    if command in _VERSION:
        sys.stdout.write(
            f"ContentGen {VERSION} (Django {django.__version__}, Python {platform.python_version()})\n"
        )
        return
    if command != "migrate":
        state.only_visits = True  # before the settings are loaded, which would make the folder
        if command == "doctor":
            _require_settings(as_json="--json" in arguments)
        if command not in _NEED_NO_STUDIO and _HELP.isdisjoint(arguments[1:]) and not _has_studio():
            sys.exit(
                f"There is no studio in DATA_DIR={settings.DATA_DIR}. Set DATA_DIR to the folder that "
                "`make run` uses, or run `manage.py migrate` first."
            )
    origin.enter(Door.COMMAND)
    execute_from_command_line(list(arguments))


def _require_settings(*, as_json: bool) -> None:
    """Exit as doctor does where the settings cannot even be loaded, which is the first thing to be told."""
    try:
        django.setup()
    except Exception as error:  # noqa: BLE001  # a setting, a missing package, a broken file: all are told
        found, advice = f"They cannot be loaded: {error}", "Correct this, then run doctor again."
        told = {"what": "settings", "state": "wrong", "found": found, "advice": advice}
        line = json.dumps({"exit_code": _WRONG, "findings": [told]}) if as_json else None
        sys.stdout.write(f"{line or f'WRONG        settings: {found} → {advice}'}\n")
        sys.exit(_WRONG)


def _has_studio() -> bool:
    """Whether the database has been migrated. What else may be wrong with it, the command finds out."""
    django.setup()
    try:
        if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).is_file():
            return False  # without connecting, which would create the file
        return "django_migrations" in connection.introspection.table_names()
    except (DatabaseError, ImproperlyConfigured):
        return True
    finally:
        connection.close()
