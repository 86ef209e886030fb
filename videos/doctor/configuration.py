"""The settings: what is misspelt, contradicts itself, or is not fit for production."""

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, run_checks

from contentgen.proxy_checks import check_public_host
from contentgen.secrets_check import secret_key_weakness
from videos.doctor.finding import Finding, Findings, ok, warning, wrong
from videos.key_names import is_key_name

WHAT = "settings"
_SIMILARITY = 0.85  # of two names, from which one is taken for the other's misspelling
# What is read by the Procfile, by other programs of ours, or by Django itself.
_OTHER_NAMES = frozenset(
    {
        *("WEB_CONCURRENCY", "ENV_FILE", "TRASH_DAYS", "OPENAI_BASE_URL", "OPENAI_API_KEY", "BACKEND_KEY"),
        *("DJANGO_SETTINGS_MODULE", "SIMULATOR_FAULTS", "SIMULATOR_QUIRKS"),
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY",
    }
)
_OTHERS = ("OTEL_", "SENTRY_")  # whose names OpenTelemetry and Sentry read themselves
_LOCAL = ("127.0.0.1", "localhost", "::1", "[::1]")


def check_settings() -> Findings:
    """Look at every setting without asking anything outside of this process."""
    is_well = True
    # The checks of Django come last: they load all of the studio.
    for part in (_unknown_names, _contradictions, _secret_key, _system_checks):
        for problem in part():
            is_well = False
            yield problem
    if is_well:
        yield ok(WHAT, f"Nothing contradicts itself. DEPLOYMENT={settings.DEPLOYMENT}.")


def check_settings_with_database() -> Findings:
    """Look at what the database says about settings: the catalogue's defaults, and backends' keys."""
    messages = run_checks(tags=["database"], databases=["default"])
    yield from (_from_message("settings and database", message) for message in _told(messages))


# --- What Django and the studio check already --------------------------------------------------------------


def _system_checks() -> Iterable[Finding]:
    messages = run_checks(include_deployment_checks=settings.PRODUCTION)
    return [_from_message(WHAT, message) for message in _told(messages)]


def _told(messages: Iterable[CheckMessage]) -> Iterable[CheckMessage]:
    return [message for message in messages if not message.is_silenced()]


def _from_message(what: str, message: CheckMessage) -> Finding:
    found = f"{message.msg} ({message.id})"
    advice = message.hint or "See docs/operations.md."
    return wrong(what, found, advice) if message.is_serious() else warning(what, found, advice)


# --- Names that nobody reads -------------------------------------------------------------------------------


def _unknown_names() -> Iterable[Finding]:
    known = settings.OWN_VARIABLES | _OTHER_NAMES
    in_file = _names_in(os.environ.get("ENV_FILE", str(settings.BASE_DIR / ".env")))
    for name in sorted(os.environ.keys() | in_file):
        if name in known or is_key_name(name) or name.startswith(_OTHERS):
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=_SIMILARITY)
        if near:
            found = f"{name} is set, and nothing reads it."
            yield wrong(WHAT, found, f"Did you mean {near[0]}?")
        elif name in in_file:
            yield warning(WHAT, f"{name} stands in .env, and nothing reads it.", "Take it out of the file.")


def _names_in(path: str) -> set[str]:
    """Return the names that a file of settings has; none where it cannot be read."""
    try:
        text = Path(path).read_text(errors="replace") if path else ""
    except OSError:
        return set()
    return set(re.findall(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=", text, flags=re.MULTILINE))


# --- Settings that do not go together ----------------------------------------------------------------------


def _contradictions() -> Iterable[Finding]:
    yield from _reachability()
    if not settings.PRODUCTION:  # there it is one of the system checks
        yield from (_from_message(WHAT, message) for message in check_public_host(None))
    if bool(settings.EMAIL_HOST_USER) != bool(settings.EMAIL_HOST_PASSWORD):
        given, missing = ("EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD")[:: 1 if settings.EMAIL_HOST_USER else -1]
        yield warning(WHAT, f"{given} is set, and {missing} is not.", "Set both, or neither.")
    if settings.SHARE_LINK_DAYS > settings.SHARE_LINK_MAX_DAYS:
        days = (
            f"{settings.SHARE_LINK_DAYS} days, and SHARE_LINK_MAX_DAYS allows {settings.SHARE_LINK_MAX_DAYS}"
        )
        yield wrong(WHAT, f"SHARE_LINK_DAYS gives links {days}.", "Lower the first, or raise the second.")


def _reachability() -> Iterable[Finding]:
    if settings.PRODUCTION:
        return
    hosts = [host for host in settings.ALLOWED_HOSTS if host not in _LOCAL]
    if hosts or settings.BIND not in _LOCAL:
        where = f"BIND={settings.BIND}" if settings.BIND not in _LOCAL else f"ALLOWED_HOSTS has {hosts[0]}"
        yield warning(
            WHAT,
            (
                f"Others can reach the studio ({where}), and DEPLOYMENT is "
                "local: no HTTPS, cookies in the clear."
            ),
            "Set DEPLOYMENT=production, unless all who can reach it are to be trusted.",
        )


def _secret_key() -> Iterable[Finding]:
    if settings.SECRET_KEY in settings.SECRET_KEY_FALLBACKS:
        found = "SECRET_KEY stands in SECRET_KEY_FALLBACKS too."
        yield warning(WHAT, found, "Take it off the fallbacks: those are for former ones.")
    if weakness := secret_key_weakness(settings.SECRET_KEY):
        found = f"SECRET_KEY can be guessed: it {weakness}."
        yield warning(
            WHAT, found, "Set another one: python -c 'import secrets; print(secrets.token_urlsafe(64))'."
        )
