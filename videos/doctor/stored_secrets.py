"""What the database keeps encrypted: whether this SECRET_KEY reads it, and whether a rotation is over."""

from collections.abc import Iterator

from django.conf import settings

from contentgen import encryption
from videos.doctor.finding import Findings, ok, warning, wrong
from videos.models import Backend, ShareLink
from webhooks.models import Endpoint

WHAT = "stored secrets"
_READ = 2000  # of each kind


def check_stored_secrets() -> Findings:
    """Try to read every secret; none is shown."""
    counts = {"current": 0, "former": 0}
    unreadable: list[str] = []
    for owner, token in _tokens():
        if encryption.is_current(token):
            counts["current"] += 1
        elif encryption.is_readable(token):
            counts["former"] += 1
        else:
            unreadable.append(owner)
    if unreadable:
        more = f" and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
        advice = (
            "Put the SECRET_KEY that made them into SECRET_KEY_FALLBACKS, restart, then run rotate_secrets."
        )
        yield wrong(WHAT, f"This SECRET_KEY cannot read that of {unreadable[0]}{more}.", advice)
    if counts["former"]:
        found = f"{counts['former']} were encrypted with a former SECRET_KEY."
        yield warning(WHAT, found, "Run rotate_secrets; only then can SECRET_KEY_FALLBACKS go.")
    elif not unreadable:
        rest = " SECRET_KEY_FALLBACKS serves old sessions alone." if settings.SECRET_KEY_FALLBACKS else ""
        yield ok(WHAT, f"{counts['current']} can be read.{rest}")


def _tokens() -> Iterator[tuple[str, str]]:
    for name, token in Backend.objects.exclude(stored_key="").values_list("name", "stored_key"):
        yield f"the backend “{name}”", token
    for public_id, secret in Endpoint.objects.values_list("public_id", "secret")[:_READ]:
        yield f"the webhook {public_id}", secret
    for pk, token in ShareLink.objects.active().values_list("pk", "encrypted_secret")[:_READ]:
        if token:
            yield f"the share link {pk}", token
